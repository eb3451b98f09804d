// Lists that come page by page: the pages so far as one list, and its newest part asked for again now and then.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Loaded, useLoad } from "./session.ts";

interface Page<Row> {
  readonly results: readonly Row[];
  readonly next: string | null;
}

interface Known<Row> {
  /** The first page that these are the continuation of. */
  readonly of: Page<Row> | undefined;
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export interface More {
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
  readonly load: () => Promise<void>;
}

export interface Pages<Row> {
  readonly rows: readonly Row[];
  readonly first: Loaded<Page<Row>>;
  /** Where there are more. */
  readonly more: More | undefined;
  /** Takes in what is new, without a word where that fails; everything else stays where it is. */
  readonly renew: () => Promise<void>;
}

export function usePages<Row extends { readonly id: string }>(key: string, load: (cursor: string | undefined) => Promise<Page<Row>>): Pages<Row> {
  const first = useLoad(key, () => load(undefined));
  const [known, setKnown] = useState<Known<Row>>();
  const [doing, setDoing] = useState<{ of: Page<Row> | undefined; hasFailed: boolean }>();
  const now = known !== undefined && known.of === first.data ? known : { of: first.data, rows: first.data?.results ?? [], next: first.data?.next ?? null };
  const newest = useRef({ now, load });
  newest.current = { now, load };
  /** Takes a page in, unless another list is shown by now. */
  const take = useCallback((of: Page<Row> | undefined, change: (before: Known<Row>) => Known<Row>) => {
    if (newest.current.now.of === of) setKnown(change(newest.current.now));
  }, []);
  const more = async () => {
    const { of, next } = now;
    setDoing({ of, hasFailed: false });
    try {
      const page = await load(next ?? undefined);
      take(of, (before) => ({ of, rows: [...before.rows, ...without(page.results, before.rows)], next: page.next }));
      setDoing(undefined);
    } catch {
      setDoing({ of, hasFailed: true });
    }
  };
  const renew = useCallback(async () => {
    const { of } = newest.current.now;
    const page = await newest.current.load(undefined).catch(() => undefined);
    if (!page || !of) return;
    take(of, (before) => {
      const old = without(before.rows, page.results);
      // None of what was known is in it: there may be others between, so it begins anew.
      if (page.next !== null && old.length === before.rows.length) return { of, rows: page.results, next: page.next };
      return { of, rows: [...page.results, ...old], next: before.next };
    });
  }, [take]);
  const mine = doing?.of === first.data ? doing : undefined;
  const button = { isLoading: mine?.hasFailed === false, hasFailed: mine?.hasFailed === true, load: more };
  return { rows: now.rows, first, more: now.next === null ? undefined : button, renew };
}

/** Calls `act` so often while the page is seen, and when it is seen again after longer than that. */
export function useNowAndThen(act: () => Promise<void>, everyMs: number): void {
  useEffect(() => {
    let doneAt = Date.now();
    const look = () => {
      if (document.visibilityState !== "visible" || Date.now() - doneAt < everyMs) return;
      doneAt = Date.now();
      void act();
    };
    const timer = setInterval(look, everyMs);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [act, everyMs]);
}

function without<Row extends { readonly id: string }>(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  const ids = new Set(others.map((one) => one.id));
  return rows.filter((one) => !ids.has(one.id));
}

// Cursor-paginated lists: the pages loaded so far as one list, whose newest part can be refreshed.

import { useCallback, useRef, useState } from "preact/hooks";
import { type AsyncState, useAsync } from "../shared/use-async.ts";

interface Page<Row> {
  readonly results: readonly Row[];
  readonly next: string | null;
}

interface LoadedPages<Row> {
  /** The first page that `rows` continues: identifies the list. */
  readonly firstPage: Page<Row> | undefined;
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export interface NextPage {
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
  readonly load: () => Promise<void>;
}

export interface Paginated<Row> {
  readonly rows: readonly Row[];
  readonly first: AsyncState<Page<Row>>;
  /** Undefined on the last page. */
  readonly next: NextPage | undefined;
  /** Adds rows created since. Fails silently; the rows already loaded stay. */
  readonly refresh: () => Promise<void>;
}

export function usePaginated<Row extends { readonly id: string }>(key: string, load: (cursor: string | undefined) => Promise<Page<Row>>): Paginated<Row> {
  const first = useAsync(key, () => load(undefined));
  const [loaded, setLoaded] = useState<LoadedPages<Row>>();
  const [request, setRequest] = useState<{ firstPage: Page<Row> | undefined; hasFailed: boolean }>();
  const current: LoadedPages<Row> =
    loaded !== undefined && loaded.firstPage === first.data ? loaded : { firstPage: first.data, rows: first.data?.results ?? [], next: first.data?.next ?? null };
  const latest = useRef({ current, load });
  latest.current = { current, load };
  /** Applies a page, unless another list is shown by now. */
  const update = useCallback((firstPage: Page<Row> | undefined, change: (before: LoadedPages<Row>) => LoadedPages<Row>) => {
    if (latest.current.current.firstPage === firstPage) setLoaded(change(latest.current.current));
  }, []);
  const loadNext = async () => {
    const { firstPage, next } = current;
    setRequest({ firstPage, hasFailed: false });
    try {
      const page = await load(next ?? undefined);
      update(firstPage, (before) => ({ firstPage, rows: [...before.rows, ...excluding(page.results, before.rows)], next: page.next }));
      setRequest(undefined);
    } catch {
      setRequest({ firstPage, hasFailed: true });
    }
  };
  const refresh = useCallback(async () => {
    const { firstPage } = latest.current.current;
    const page = await latest.current.load(undefined).catch(() => undefined);
    if (!page || !firstPage) return;
    update(firstPage, (before) => {
      const older = excluding(before.rows, page.results);
      // The page overlaps no loaded row, so rows may be missing in between: start over from this page.
      if (page.next !== null && older.length === before.rows.length) return { firstPage, rows: page.results, next: page.next };
      return { firstPage, rows: [...page.results, ...older], next: before.next };
    });
  }, [update]);
  const currentRequest = request?.firstPage === first.data ? request : undefined;
  const next = { isLoading: currentRequest?.hasFailed === false, hasFailed: currentRequest?.hasFailed === true, load: loadNext };
  return { rows: current.rows, first, next: current.next === null ? undefined : next, refresh };
}

function excluding<Row extends { readonly id: string }>(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  const ids = new Set(others.map((row) => row.id));
  return rows.filter((row) => !ids.has(row.id));
}

// A long list of which only what is near the view is drawn, and which stands still while things change above:
// the row at the top of the view, or the end, is held in its place.

import { type RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Heights } from "./row-heights.ts";
import { useAgain } from "../../shared/store.ts";

interface Listed {
  readonly key: string;
}

/** The row held in place and how far it is below the top of the view, or the end of the list. */
export type Anchor = { readonly key: string; readonly below: number } | "end";

export interface Windowed {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly from: number;
  readonly to: number;
  /** Pixels of what is not drawn. */
  readonly above: number;
  readonly beneath: number;
  readonly isAtEnd: boolean;
  /** For the drawn row's `ref`. */
  drawn(key: string): (element: HTMLElement | null) => void;
  scrolled(): void;
  hold(anchor: Anchor): void;
}

const MARGIN_PX = 700;
const STEP = 6;
const NEAR_PX = 40;

/** How high the view is at the end: all of its frame, as the way to the end, which takes some of it elsewhere, is gone there. */
const heightAtEnd = (view: HTMLElement) => view.parentElement?.clientHeight ?? view.clientHeight;

export function useWindowed<Row extends Listed>(
  rows: readonly Row[],
  lengthOf: (row: Row) => number,
  first: Anchor,
  nearTop: () => void,
): Windowed {
  const again = useAgain();
  const scroller = useRef<HTMLDivElement>(null);
  const kept = useRef({ heights: new Heights(), anchor: first, height: 900, elements: new Map<string, HTMLElement>() });
  const { heights, elements } = kept.current;
  const keys = useMemo(() => rows.map((row) => row.key), [rows]);
  const arrange = () => heights.arrange(keys, (at) => lengthOf(rows[at] as Row));
  useMemo(arrange, [keys]);

  const wantedTop = (): number => {
    const { anchor, height } = kept.current;
    const most = Math.max(0, heights.total - height);
    if (anchor === "end") return most;
    const at = heights.indexOf(anchor.key);
    return at === undefined ? most : Math.max(0, Math.min(most, heights.top(at) - anchor.below));
  };
  const range = (top: number): [number, number] => [
    Math.max(0, Math.floor(heights.at(top - MARGIN_PX) / STEP) * STEP),
    Math.min(rows.length, (Math.floor(heights.at(top + kept.current.height + MARGIN_PX) / STEP) + 1) * STEP),
  ];
  const [from, to] = range(wantedTop());

  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view) return;
    kept.current.height = view.clientHeight;
    let isOther = false;
    for (const [key, element] of elements) isOther = heights.measure(key, element.offsetHeight) || isOther;
    if (isOther) {
      arrange();
      again();
      return;
    }
    const top = wantedTop();
    if (Math.abs(view.scrollTop - top) > 1) view.scrollTop = top;
    // What is held may be so near the end that the end is in view too.
    if (kept.current.anchor !== "end" && heights.total - top - heightAtEnd(view) < NEAR_PX) {
      kept.current.anchor = "end";
      again();
    }
    if (top < 2 * MARGIN_PX) nearTop();
  });

  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view) return undefined;
    const observer = new ResizeObserver(() => again());
    observer.observe(view);
    if (view.firstElementChild) observer.observe(view.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const scrolled = () => {
    const view = scroller.current;
    if (!view) return;
    const { anchor: before } = kept.current;
    const top = view.scrollTop;
    const isAtEnd = view.scrollHeight - top - heightAtEnd(view) < NEAR_PX;
    const at = heights.at(top);
    kept.current.anchor = isAtEnd ? "end" : { key: keys[at] ?? "", below: heights.top(at) - top };
    const [newFrom, newTo] = range(top);
    if (newFrom !== from || newTo !== to || isAtEnd !== (before === "end")) again();
    if (top < 2 * MARGIN_PX) nearTop();
  };
  const refs = useRef(new Map<string, (element: HTMLElement | null) => void>()).current;
  const drawn = (key: string) => {
    let ref = refs.get(key);
    if (!ref) {
      ref = (element) => (element ? elements.set(key, element) : elements.delete(key));
      refs.set(key, ref);
    }
    return ref as (element: HTMLElement | null) => void;
  };
  return {
    scroller,
    from,
    to,
    above: heights.top(from),
    beneath: heights.total - heights.top(to),
    isAtEnd: kept.current.anchor === "end",
    drawn,
    scrolled,
    hold: (anchor) => {
      kept.current.anchor = anchor;
      again();
    },
  };
}

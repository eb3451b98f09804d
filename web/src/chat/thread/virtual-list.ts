// A virtual list with scroll anchoring: only rows near the viewport are rendered, and the row at the top of the viewport, or
// the end of the list, keeps its position while content above it changes.

import { type RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useRerender } from "../../shared/store.ts";
import { RowHeights } from "./row-heights.ts";

interface ListRow {
  readonly key: string;
}

/** The row that keeps its position, `offset` pixels below the top of the viewport; or the end of the list. */
export type Anchor = { readonly key: string; readonly offset: number } | "end";

export interface VirtualList {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly from: number;
  readonly to: number;
  /** Pixels taken by the rows that are not rendered. */
  readonly spaceAbove: number;
  readonly spaceBelow: number;
  readonly isAtEnd: boolean;
  /** The `ref` of a rendered row. */
  rowRef(key: string): (element: HTMLElement | null) => void;
  onScroll(): void;
  anchorTo(anchor: Anchor): void;
}

export interface VirtualListOptions {
  /** There is more below the last row: its end is not the end of the list. */
  readonly continuesBelow: boolean;
  onNearTop(): void;
  onNearBottom(): void;
}

const OVERSCAN_PX = 700;
const RANGE_STEP = 6;
const END_TOLERANCE_PX = 40;

/** The height of the viewport at the end of the list, where the jump button is hidden and leaves its space to the list. */
const viewHeightAtEnd = (view: HTMLElement) => view.parentElement?.clientHeight ?? view.clientHeight;

export function useVirtualList<Row extends ListRow>(
  rows: readonly Row[],
  estimateLength: (row: Row) => number,
  initialAnchor: Anchor,
  { continuesBelow, onNearTop, onNearBottom }: VirtualListOptions,
): VirtualList {
  const rerender = useRerender();
  const scroller = useRef<HTMLDivElement>(null);
  const internals = useRef({ heights: new RowHeights(), anchor: initialAnchor, height: 900, elements: new Map<string, HTMLElement>() });
  const { heights, elements } = internals.current;
  const keys = useMemo(() => rows.map((row) => row.key), [rows]);
  const layOut = () => heights.setRows(keys, (at) => estimateLength(rows[at] as Row));
  useMemo(layOut, [keys]);

  const targetScrollTop = (): number => {
    const { anchor, height } = internals.current;
    const maxTop = Math.max(0, heights.total - height);
    if (anchor === "end") return maxTop;
    const at = heights.indexOf(anchor.key);
    return at === undefined ? maxTop : Math.max(0, Math.min(maxTop, heights.top(at) - anchor.offset));
  };
  const range = (top: number): [number, number] => [
    Math.max(0, Math.floor(heights.rowAt(top - OVERSCAN_PX) / RANGE_STEP) * RANGE_STEP),
    Math.min(rows.length, (Math.floor(heights.rowAt(top + internals.current.height + OVERSCAN_PX) / RANGE_STEP) + 1) * RANGE_STEP),
  ];
  const [from, to] = range(targetScrollTop());

  const loadNear = (top: number, height: number) => {
    if (top < 2 * OVERSCAN_PX) onNearTop();
    if (continuesBelow && heights.total - top - height < 2 * OVERSCAN_PX) onNearBottom();
  };

  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view) return;
    internals.current.height = view.clientHeight;
    let hasChanged = false;
    for (const [key, element] of elements) hasChanged = heights.measure(key, element.offsetHeight) || hasChanged;
    if (hasChanged) {
      layOut();
      rerender();
      return;
    }
    const top = targetScrollTop();
    if (Math.abs(view.scrollTop - top) > 1) view.scrollTop = top;
    // The anchored row may be so near the end that the end is in view too.
    if (internals.current.anchor !== "end" && !continuesBelow && heights.total - top - viewHeightAtEnd(view) < END_TOLERANCE_PX) {
      internals.current.anchor = "end";
      rerender();
    }
    loadNear(top, view.clientHeight);
  });

  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view) return undefined;
    const observer = new ResizeObserver(() => rerender());
    observer.observe(view);
    if (view.firstElementChild) observer.observe(view.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const view = scroller.current;
    if (!view) return;
    // The view was resized, and the browser has moved its content: that is not a wish of the user.
    if (view.clientHeight !== internals.current.height) {
      rerender();
      return;
    }
    const { anchor: before } = internals.current;
    const top = view.scrollTop;
    const isAtEnd = !continuesBelow && view.scrollHeight - top - viewHeightAtEnd(view) < END_TOLERANCE_PX;
    const at = heights.rowAt(top);
    internals.current.anchor = isAtEnd ? "end" : { key: keys[at] ?? "", offset: heights.top(at) - top };
    const [newFrom, newTo] = range(top);
    if (newFrom !== from || newTo !== to || isAtEnd !== (before === "end")) rerender();
    loadNear(top, view.clientHeight);
  };
  const refs = useRef(new Map<string, (element: HTMLElement | null) => void>()).current;
  const rowRef = (key: string) => {
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
    spaceAbove: heights.top(from),
    spaceBelow: heights.total - heights.top(to),
    isAtEnd: internals.current.anchor === "end" && !continuesBelow,
    rowRef,
    onScroll,
    anchorTo: (anchor) => {
      internals.current.anchor = anchor;
      rerender();
    },
  };
}

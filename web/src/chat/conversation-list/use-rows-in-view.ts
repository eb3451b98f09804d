// Renders only the rows of a list near the viewport. All rows have the same height, which is measured.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { useRerender } from "../../shared/store.ts";

const INITIAL_ROW_PX = 66;
const OVERSCAN_ROWS = 12;
const STEP_ROWS = 8;

export interface RowsInView {
  readonly from: number;
  readonly to: number;
  readonly rowHeight: number;
}

export function useRowsInView(scroller: RefObject<HTMLElement | null>, list: RefObject<HTMLElement | null>, count: number): RowsInView {
  const rerender = useRerender();
  const [range, setRange] = useState({ first: 0, visible: 20 });
  const [rowHeight, setRowHeight] = useState(INITIAL_ROW_PX);
  const update = () => {
    const view = scroller.current;
    // In a narrow pane the list is hidden while a conversation is open.
    if (!view || !list.current || view.clientHeight === 0) return;
    const above = view.getBoundingClientRect().top - list.current.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / rowHeight / STEP_ROWS) * STEP_ROWS);
    const visible = Math.ceil(view.clientHeight / rowHeight) + STEP_ROWS;
    setRange((before) => (before.first === first && before.visible === visible ? before : { first, visible }));
  };
  useLayoutEffect(() => {
    const row = list.current?.querySelector<HTMLElement>("[data-conversation]")?.parentElement;
    if (row && row.offsetHeight > 0 && row.offsetHeight !== rowHeight) setRowHeight(row.offsetHeight);
    update();
  });
  useEffect(() => {
    const view = scroller.current;
    if (!view) return undefined;
    view.addEventListener("scroll", update, { passive: true });
    const observer = new ResizeObserver(rerender);
    observer.observe(view);
    return () => {
      view.removeEventListener("scroll", update);
      observer.disconnect();
    };
  }, [rowHeight]);
  return { from: Math.max(0, Math.min(count, range.first - OVERSCAN_ROWS)), to: Math.min(count, range.first + range.visible + OVERSCAN_ROWS), rowHeight };
}

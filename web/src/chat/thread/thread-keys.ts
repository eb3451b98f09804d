// Keyboard navigation in a thread (roving tabindex): one message is reachable with Tab, arrow keys move from there.

import { useEffect, useState } from "preact/hooks";
import type { Row } from "./thread-rows.ts";
import type { VirtualList } from "./virtual-list.ts";

export interface ThreadKeys {
  /** The key of the row that is reachable with Tab. */
  readonly tabStop: string | undefined;
  onKeyDown(event: KeyboardEvent): void;
  onFocus(event: FocusEvent): void;
}

export function useThreadKeys(rows: readonly Row[], list: VirtualList): ThreadKeys {
  const [active, setActive] = useState<string>();
  const [focusTarget, setFocusTarget] = useState<string>();
  const messages = rows.filter((row) => row.kind === "message");
  const isActiveRendered = rows.slice(list.from, list.to).some((row) => row.key === active);
  const lastRendered = rows.slice(list.from, list.to).findLast((row) => row.kind === "message");
  const tabStop = isActiveRendered ? active : lastRendered?.key;
  useEffect(() => {
    if (!focusTarget) return;
    const element = list.scroller.current?.querySelector<HTMLElement>(`[data-message="${focusTarget}"]`);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
    if (element) setFocusTarget(undefined);
  }, [focusTarget, list.from, list.to]);
  const onKeyDown = (event: KeyboardEvent) => {
    const from = (event.target as HTMLElement).dataset.message;
    if (from === undefined || event.altKey) return;
    const at = messages.findIndex((row) => row.key === from);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: messages.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = messages[Math.max(0, Math.min(messages.length - 1, to))];
    if (!next) return;
    setActive(next.key);
    setFocusTarget(next.key);
    const isRendered = list.scroller.current?.querySelector(`[data-message="${next.key}"]`);
    if (!isRendered) list.anchorTo(event.key === "End" ? "end" : { key: next.key, offset: 40 });
  };
  const onFocus = (event: FocusEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>("[data-message]")?.dataset.message;
    if (key) setActive(key);
  };
  return { tabStop, onKeyDown, onFocus };
}

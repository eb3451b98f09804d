// Going through messages with the keyboard: one of them is reachable by Tab, arrow keys go on from there.

import { useEffect, useState } from "preact/hooks";
import type { Row } from "./thread-rows.ts";
import type { Windowed } from "./virtual-list.ts";

export interface ThreadKeys {
  /** The key of the row that Tab comes to. */
  readonly reachable: string | undefined;
  onKeyDown(event: KeyboardEvent): void;
  onFocus(event: FocusEvent): void;
}

export function useThreadKeys(rows: readonly Row[], list: Windowed): ThreadKeys {
  const [active, setActive] = useState<string>();
  const [wanted, setWanted] = useState<string>();
  const messages = rows.filter((row) => row.kind === "message");
  const isDrawn = rows.slice(list.from, list.to).some((row) => row.key === active);
  const lastDrawn = rows.slice(list.from, list.to).findLast((row) => row.kind === "message");
  const reachable = isDrawn ? active : lastDrawn?.key;
  useEffect(() => {
    if (!wanted) return;
    const element = list.scroller.current?.querySelector<HTMLElement>(`[data-message="${wanted}"]`);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
    if (element) setWanted(undefined);
  }, [wanted, list.from, list.to]);
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
    setWanted(next.key);
    const isNear = list.scroller.current?.querySelector(`[data-message="${next.key}"]`);
    if (!isNear) list.hold(event.key === "End" ? "end" : { key: next.key, below: 40 });
  };
  const onFocus = (event: FocusEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>("[data-message]")?.dataset.message;
    if (key) setActive(key);
  };
  return { reachable, onKeyDown, onFocus };
}

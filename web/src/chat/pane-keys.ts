// Keyboard shortcuts of a pane, and where the focus goes when conversations are opened and closed.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useEvent } from "../shared/store.ts";

type Element = RefObject<HTMLElement | null>;

/** The pane used last; shortcuts apply to it. */
let activePane: HTMLElement | null = null;

function isActivePane(pane: HTMLElement | null): boolean {
  const active = activePane?.isConnected ? activePane : document.querySelector(".pane");
  return pane !== null && pane === active;
}

/** Whether the focus may move into this pane: nothing outside of it has the focus. */
function canTakeFocus(pane: HTMLElement): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || pane.contains(activeElement);
}

export function usePaneKeys(element: Element, conversationId: string | undefined, open: (conversation: string | undefined) => void): void {
  const onUse = (event: Event) => {
    if (element.current?.contains(event.target as Node)) activePane = element.current;
  };
  useEvent(document, "pointerdown", onUse);
  useEvent(document, "focusin", onUse);
  useEvent(window, "keydown", (keydown) => {
    const event = keydown as KeyboardEvent;
    const pane = element.current;
    // Open dialogs and popovers handle their own keys.
    if (!pane || !isActivePane(pane) || event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      const search = pane.querySelector<HTMLElement>("input[type=search]");
      // In a narrow pane an open conversation hides the list.
      if (!search?.checkVisibility()) open(undefined);
      requestAnimationFrame(() => search?.focus());
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const rows = [...pane.querySelectorAll<HTMLElement>("[data-conversation]")];
      const at = rows.findIndex((one) => one.dataset.conversation === conversationId);
      const next = rows[event.key === "ArrowDown" ? at + 1 : Math.max(0, at - 1)];
      if (next) open(next.dataset.conversation);
    } else if (event.key === "Escape" && conversationId) {
      open(undefined);
    }
  });
}

/** When a conversation is closed, the focus moves to its row of the list. */
export function useRestoreFocus(element: Element, conversationId: string | undefined): void {
  const previous = useRef(conversationId);
  useEffect(() => {
    const closed = previous.current;
    previous.current = conversationId;
    const pane = element.current;
    if (!pane || !closed || conversationId || !canTakeFocus(pane)) return;
    // Ctrl+K already moved the focus.
    if (document.activeElement?.matches("input[type=search]")) return;
    const row = pane.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(closed)}"]`);
    (row ?? pane.querySelector<HTMLElement>("[data-conversation][tabindex='0']"))?.focus();
  }, [conversationId]);
}

/**
 * When a conversation is opened, the focus moves to its text field, or to its heading if it is read-only. On touch devices it
 * is always the heading, as focusing the field would open the keyboard over the messages.
 */
export function useInitialFocus(chat: Element, isLoaded: boolean, canWrite: boolean, focusRequest: number): void {
  useEffect(() => {
    const pane = chat.current?.closest<HTMLElement>(".pane");
    if (!isLoaded || !pane || !canTakeFocus(pane)) return;
    const hasField = canWrite && !matchMedia("(pointer: coarse)").matches;
    chat.current?.querySelector<HTMLElement>(hasField ? ".composer textarea" : ".names h2")?.focus({ preventScroll: true });
  }, [isLoaded, focusRequest]);
}

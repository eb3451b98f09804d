// The keys of a side, wherever the focus is, and where the focus goes as conversations are opened and left.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useEvent } from "../shared/store.ts";

type Element = RefObject<HTMLElement | null>;

/** The side that was touched last; keys are meant for it. */
let lastUsed: HTMLElement | null = null;

function isMeant(side: HTMLElement | null): boolean {
  const meant = lastUsed?.isConnected ? lastUsed : document.querySelector(".pane");
  return side !== null && side === meant;
}

/** Whether it may be given to something in this side without taking it from somebody who works elsewhere. */
function isFocusFree(side: HTMLElement): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || side.contains(activeElement);
}

export function usePaneKeys(element: Element, conversationId: string | undefined, open: (conversation: string | undefined) => void): void {
  const use = (event: Event) => {
    if (element.current?.contains(event.target as Node)) lastUsed = element.current;
  };
  useEvent(document, "pointerdown", use);
  useEvent(document, "focusin", use);
  useEvent(window, "keydown", (happened) => {
    const event = happened as KeyboardEvent;
    const side = element.current;
    // What lies above closes itself, and takes the keys as long as it is there.
    if (!side || !isMeant(side) || event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      const search = side.querySelector<HTMLElement>("input[type=search]");
      // Beside an open conversation there may be no room for the list.
      if (!search?.checkVisibility()) open(undefined);
      requestAnimationFrame(() => search?.focus());
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const shown = [...side.querySelectorAll<HTMLElement>("[data-conversation]")];
      const at = shown.findIndex((one) => one.dataset.conversation === conversationId);
      const next = shown[event.key === "ArrowDown" ? at + 1 : Math.max(0, at - 1)];
      if (next) open(next.dataset.conversation);
    } else if (event.key === "Escape" && conversationId) {
      open(undefined);
    }
  });
}

/** A conversation that is left gives the focus to its row of the list. */
export function useFocusBack(element: Element, conversationId: string | undefined): void {
  const before = useRef(conversationId);
  useEffect(() => {
    const left = before.current;
    before.current = conversationId;
    const side = element.current;
    if (!side || !left || conversationId || !isFocusFree(side)) return;
    // Ctrl K has chosen already where it goes.
    if (document.activeElement?.matches("input[type=search]")) return;
    const row = side.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(left)}"]`);
    (row ?? side.querySelector<HTMLElement>("[data-conversation][tabindex='0']"))?.focus();
  }, [conversationId]);
}

/**
 * A conversation that is opened gets the focus: the field where one can write, or its heading. With a finger it is the
 * heading always, as a field would bring up a keyboard over what is to be read.
 */
export function useFocusInside(chat: Element, isKnown: boolean, canWrite: boolean, arrival: number): void {
  useEffect(() => {
    const side = chat.current?.closest<HTMLElement>(".pane");
    if (!isKnown || !side || !isFocusFree(side)) return;
    const isField = canWrite && !matchMedia("(pointer: coarse)").matches;
    chat.current?.querySelector<HTMLElement>(isField ? ".composer textarea" : ".names h2")?.focus({ preventScroll: true });
  }, [isKnown, arrival]);
}

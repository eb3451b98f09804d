// The browser's Back button closes what covers the page, instead of leaving the conversation below it.

import { useEffect, useRef } from "preact/hooks";
import { useEvent } from "../../shared/store.ts";

interface OverlayState {
  readonly overlay: number;
}

let lastOverlay = 0;
const currentOverlay = () => (history.state as OverlayState | null)?.overlay;

export function useCloseOnBack(isOpen: boolean, close: () => void): void {
  const overlay = useRef(0);
  useEffect(() => {
    if (!isOpen) return undefined;
    overlay.current = ++lastOverlay;
    history.pushState({ overlay: overlay.current }, "");
    return () => {
      // It was closed by other means: remove its entry, unless the page has moved on since.
      if (currentOverlay() === overlay.current) history.back();
      overlay.current = 0;
    };
  }, [isOpen]);
  useEvent(window, "popstate", () => {
    if (overlay.current > 0 && (currentOverlay() ?? 0) < overlay.current) {
      overlay.current = 0;
      close();
    }
  });
}

// The browser's Back button closes what covers the page, instead of leaving the conversation below it. Each overlay has an entry
// in the browser's history while it is open.

import { useLayoutEffect, useRef } from "preact/hooks";
import { useEvent } from "../../shared/store.ts";

let lastOverlay = 0;
const openOverlays = new Set<number>();
const currentOverlay = () => (history.state as { readonly overlay?: number } | null)?.overlay;

export function useCloseOnBack(isActive: boolean, close: () => void): void {
  const overlay = useRef(0);
  useLayoutEffect(() => {
    if (!isActive) return undefined;
    const id = ++lastOverlay;
    overlay.current = id;
    const current = currentOverlay();
    // An overlay that opens as another closes takes over its entry.
    if (current !== undefined && !openOverlays.has(current)) history.replaceState({ overlay: id }, "");
    else history.pushState({ overlay: id }, "");
    openOverlays.add(id);
    return () => {
      openOverlays.delete(id);
      // It was closed by other means: remove its entry, unless another overlay or page has taken its place.
      setTimeout(() => currentOverlay() === id && history.back());
    };
  }, [isActive]);
  useEvent(window, "popstate", () => {
    if (openOverlays.has(overlay.current) && (currentOverlay() ?? 0) < overlay.current) close();
  });
}

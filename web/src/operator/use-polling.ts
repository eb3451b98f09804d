import { useEffect } from "preact/hooks";

/** Calls `poll` at this interval while the page is visible, and once it is visible again after a longer pause. */
export function usePolling(poll: () => Promise<void>, intervalMs: number): void {
  useEffect(() => {
    let polledAt = Date.now();
    const pollIfDue = () => {
      if (document.visibilityState !== "visible" || Date.now() - polledAt < intervalMs) return;
      polledAt = Date.now();
      void poll();
    };
    const timer = setInterval(pollIfDue, intervalMs);
    document.addEventListener("visibilitychange", pollIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", pollIfDue);
    };
  }, [poll, intervalMs]);
}

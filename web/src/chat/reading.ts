// Marks as read what is seen: everything, while the end of the thread is in view and somebody looks.

import { useEffect, useRef, useState } from "preact/hooks";
import { useOpen } from "./conversation-context.ts";
import { useEvent } from "./store.ts";

const SEEN_MS = 400;

/** How many came since the end was last in view. */
export function useReading(isAtEnd: boolean): number {
  const { conversation, state } = useOpen();
  const [isLookedAt, setIsLookedAt] = useState(document.visibilityState === "visible");
  useEvent(document, "visibilitychange", () => setIsLookedAt(document.visibilityState === "visible"));
  const newest = state.messages.at(-1)?.seq ?? 0;
  const isSeen = isAtEnd && isLookedAt && state.status === "live";
  const seen = useRef(newest);
  if (isSeen) seen.current = newest;
  useEffect(() => {
    if (!isSeen || state.unread === 0) return undefined;
    const timer = setTimeout(() => void conversation.markRead().catch(() => {}), SEEN_MS);
    return () => clearTimeout(timer);
  }, [isSeen, state.unread, newest]);
  return state.messages.filter((one) => one.seq > seen.current && one.sender).length;
}

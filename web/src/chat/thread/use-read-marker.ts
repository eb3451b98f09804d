// Marks as read what is seen: everything, while the end of the thread is in view and somebody looks.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { useOpen } from "../conversation/conversation-context.ts";
import { useSession } from "../session.ts";
import { useEvent } from "../../shared/store.ts";

const SEEN_MS = 400;
const RETRY_MS = 3_000;

export interface Reading {
  /** How many came since the end was last in view. */
  readonly fresh: number;
  /** What was in view when it last was: everything up to this seq. */
  readonly seenUpTo: number;
  readonly isSeen: boolean;
}

/** `readUpTo`: what was read before the conversation was opened. */
export function useReading(isAtEnd: boolean, readUpTo: number | undefined): Reading {
  const { conversation, state, me } = useOpen();
  const { beingRead } = useSession();
  const [isLookedAt, setIsLookedAt] = useState(document.visibilityState === "visible");
  useEvent(document, "visibilitychange", () => setIsLookedAt(document.visibilityState === "visible"));
  const newest = state.messages.at(-1)?.seq ?? 0;
  const isSeen = isAtEnd && isLookedAt && state.status === "live";
  const seen = useRef(readUpTo ?? newest);
  if (isSeen) seen.current = newest;
  const [failures, failed] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    if (!isSeen || state.unread === 0) return undefined;
    let timer = setTimeout(() => {
      conversation.markRead().catch(() => {
        timer = setTimeout(() => failed(), RETRY_MS);
      });
    }, SEEN_MS);
    return () => clearTimeout(timer);
  }, [isSeen, state.unread, newest, failures]);
  useEffect(() => {
    beingRead.become(isSeen ? conversation.id : undefined);
    return () => beingRead.become(undefined);
  }, [isSeen, conversation.id]);
  const fresh = state.messages.filter((one) => one.seq > seen.current && one.sender && one.sender.id !== me).length;
  return { fresh, seenUpTo: seen.current, isSeen };
}

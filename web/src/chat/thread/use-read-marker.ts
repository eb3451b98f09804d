// Marks the conversation as read while the end of the thread is in view and the page is visible.

import type { MessageOut } from "@wasgo/chat";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { useEvent } from "../../shared/store.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { useSession } from "../session.ts";

const SEEN_MS = 400;
const RETRY_MS = 3_000;

export interface ReadMarker {
  /** Messages of others since the end was last in view. */
  readonly newCount: number;
  /** The newest seq when the end was last in view. */
  readonly seenUpTo: number;
  readonly isSeen: boolean;
}

/** `readUpTo`: the last seq that was read before the conversation was opened. */
export function useReadMarker(isAtEnd: boolean, readUpTo: number | undefined): ReadMarker {
  const { conversation, state, me } = useOpenConversation();
  const { readingConversation } = useSession();
  const [isVisible, setIsVisible] = useState(document.visibilityState === "visible");
  useEvent(document, "visibilitychange", () => setIsVisible(document.visibilityState === "visible"));
  const newest = state.hasNewer ? 0 : (state.messages.at(-1)?.seq ?? 0);
  const isSeen = isAtEnd && isVisible && state.status === "live";
  const seen = useRef(readUpTo ?? conversation.lastSeq);
  if (isSeen) seen.current = newest;
  const [failures, addFailure] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    if (!isSeen || state.unread === 0) return undefined;
    let timer = setTimeout(() => {
      conversation.markRead().catch(() => {
        timer = setTimeout(() => addFailure(), RETRY_MS);
      });
    }, SEEN_MS);
    return () => clearTimeout(timer);
  }, [isSeen, state.unread, newest, failures]);
  useEffect(() => {
    readingConversation.set(isSeen ? conversation.id : undefined);
    return () => readingConversation.set(undefined);
  }, [isSeen, conversation.id]);
  const isNew = (message: MessageOut) => message.seq > seen.current && message.sender && message.sender.id !== me && !message.is_deleted;
  // Of an older part not all new messages are loaded.
  const newCount = state.hasNewer ? state.unread : state.messages.filter(isNew).length;
  return { newCount, seenUpTo: seen.current, isSeen };
}

// Loads older and newer pages of a conversation as they are scrolled into view, and the part around a message.

import type { Conversation, ConversationState } from "@wasgo/chat";
import { useEffect, useRef, useState } from "preact/hooks";

type Direction = "older" | "newer";

export interface HistoryLoader {
  /** The directions whose last page could not be loaded. */
  readonly failed: ReadonlySet<Direction>;
  /** Does nothing after a failure, until `retry`. */
  load(direction: Direction): void;
  retry(direction: Direction): void;
}

export function useHistory(conversation: Conversation, state: ConversationState): HistoryLoader {
  const loading = useRef(new Set<Direction>()).current;
  const [failed, setFailed] = useState<ReadonlySet<Direction>>(new Set());
  // A restored connection is a reason to retry; the failed row still being in view is not.
  useEffect(() => setFailed(new Set()), [state.status]);
  const retry = (direction: Direction) => {
    const { hasOlder, hasNewer } = conversation.state;
    if (loading.has(direction) || !(direction === "older" ? hasOlder : hasNewer)) return;
    loading.add(direction);
    setFailed((before) => new Set([...before].filter((one) => one !== direction)));
    const page = direction === "older" ? conversation.loadOlder() : conversation.loadNewer();
    page.catch(() => setFailed((before) => new Set([...before, direction]))).finally(() => loading.delete(direction));
  };
  return { failed, retry, load: (direction) => !failed.has(direction) && retry(direction) };
}

export type Opening = "loading" | "end" | "unread" | { readonly message: string };

/** Where a conversation opens: at a message, at the first unread one, or at its end. Loads that part first. */
export function useOpening(conversation: Conversation, readUpTo: number | undefined, messageId: string | undefined, onNotFound: () => void): Opening {
  const [opening, setOpening] = useState<Opening>(() => {
    if (messageId) return "loading";
    if (readUpTo === undefined) return "end";
    return isLoadedFrom(conversation.state, readUpTo) ? "unread" : "loading";
  });
  useEffect(() => {
    let isCurrent = true;
    const open = (then: Opening) => isCurrent && setOpening(then);
    if (messageId) {
      conversation.reveal(messageId).then(
        () => open({ message: messageId }),
        () => {
          open("end");
          if (isCurrent) onNotFound();
        },
      );
    } else if (opening === "loading") {
      conversation.loadAround(readUpTo ?? 0).then(
        () => open("unread"),
        () => open("end"),
      );
    }
    return () => {
      isCurrent = false;
      conversation.showNewest();
    };
  }, [conversation]);
  return opening;
}

/** Whether the message after this seq is loaded, so that the unread line can be shown before it. */
export function isLoadedFrom({ messages, hasOlder }: ConversationState, seq: number): boolean {
  return !hasOlder || (messages[0]?.seq ?? 0) <= seq + 1;
}

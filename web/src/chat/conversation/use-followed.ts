// The conversations that the client follows: the open one, and the last few, so that going back to one is immediate.

import type { Chat } from "@wasgo/chat";
import { useEffect } from "preact/hooks";

const MAX_FOLLOWED = 8;
const followedByChat = new WeakMap<Chat, string[]>();

/** Follows a conversation while it is open, and unfollows the one that was left longest ago. */
export function useFollowed(chat: Chat, id: string): void {
  useEffect(() => {
    const followed = [...(followedByChat.get(chat) ?? []).filter((one) => one !== id), id];
    for (const one of followed.slice(0, -MAX_FOLLOWED)) {
      // A conversation with unsent messages is followed until they are sent.
      if (chat.conversation(one).state.pending.length > 0) continue;
      chat.unfollow(one);
      followed.splice(followed.indexOf(one), 1);
    }
    followedByChat.set(chat, followed);
  }, [chat, id]);
}

// Which conversations the list shows: those that match the search and the type filter, and more pages of them when needed.

import type { ConversationOut, InboxState } from "@wasgo/chat";
import { useEffect, useRef, useState } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import type { ConversationType } from "../../shared/labels/conversation-types.ts";
import { useStore } from "../../shared/store.ts";
import { conversationReference, conversationTitle } from "../conversation/conversation-text.ts";
import { useSession } from "../session.ts";

export type Filter = ConversationType | "all" | "unread";

export interface ListQuery {
  readonly search: string;
  readonly filter: Filter;
  readonly isArchiveShown: boolean;
  readonly openId: string | undefined;
}

export interface ConversationList {
  readonly inbox: InboxState;
  readonly shown: readonly ConversationOut[];
  /** Those that match the search, of every type. */
  readonly matches: readonly ConversationOut[];
  /** Those that the search looks through. */
  readonly candidates: readonly ConversationOut[];
  readonly hasMore: boolean;
  readonly hasFailed: boolean;
  loadMore(): void;
}

export function useConversationList({ search, filter, isArchiveShown, openId }: ListQuery): ConversationList {
  const { chat, user } = useSession();
  const inbox = useStore(chat.inbox);
  const { conversations } = inbox;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  // A search covers archived conversations as well.
  const candidates = words.length > 0 ? conversations : conversations.filter((conversation) => conversation.is_archived === isArchiveShown);
  const matches = words.length > 0 ? candidates.filter((conversation) => hasWords(conversation, words, user.id)) : candidates;
  // The open conversation stays in the unread list while it is being read.
  const isShownAsUnread = (conversation: ConversationOut) => conversation.unread_count > 0 || conversation.id === openId;
  const shown = matches.filter((conversation) => filter === "all" || (filter === "unread" ? isShownAsUnread(conversation) : conversation.conversation_type === filter));
  const needsArchived = words.length > 0 || isArchiveShown;
  const hasMoreOpen = inbox.hasMoreConversations && (words.length > 0 || !isArchiveShown);
  const hasMoreArchived = inbox.hasMoreArchived && needsArchived;
  const [hasFailed, setHasFailed] = useState(false);
  const isLoading = useRef(false);
  const loadMore = () => {
    if (isLoading.current || !(hasMoreOpen || hasMoreArchived)) return;
    isLoading.current = true;
    setHasFailed(false);
    chat.inbox
      .loadMoreConversations(!hasMoreOpen)
      .catch(() => setHasFailed(true))
      .finally(() => {
        isLoading.current = false;
      });
  };
  useEffect(() => setHasFailed(false), [inbox.status]);
  return { inbox, shown, matches, candidates, hasMore: hasMoreOpen || hasMoreArchived, hasFailed, loadMore };
}

/** Whether each word is in the title, the reference or the name of a participant. */
function hasWords(conversation: ConversationOut, words: readonly string[], me: string): boolean {
  const names = conversation.participants.filter(({ user }) => user.id !== me).map(({ user }) => `${displayName(user)} ${user.username}`);
  const searched = [conversationTitle(conversation, conversation.participants, me), conversationReference(conversation) ?? "", ...names].join("\n").toLowerCase();
  return words.every((word) => searched.includes(word));
}

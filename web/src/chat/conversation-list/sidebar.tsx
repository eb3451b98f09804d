// The conversation list below the user, the search field and the type filters.

import type { ConversationOut } from "@wasgo/chat";
import { useRef, useState } from "preact/hooks";
import { Avatar } from "../../shared/avatar.tsx";
import { Button, EmptyState, IconButton, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { CONVERSATION_TYPES, CONVERSATION_TYPE_NAMES, type ConversationType } from "../../shared/labels/conversation-types.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { AccountMenu } from "../account-menu.tsx";
import { conversationTitle } from "../conversation/conversation-text.ts";
import type { PaneProps } from "../pane-props.ts";
import { useSession } from "../session.ts";
import { useDelayedFlag } from "../ui/use-delayed-flag.ts";
import { useUnreadTitle } from "../unread-title.ts";
import { ConversationRow } from "./conversation-row.tsx";

type Filter = ConversationType | "all" | "unread";

export function Sidebar(props: PaneProps & { show: (panel: "notifications" | "preferences" | "shortcuts") => void }) {
  const { conversationId, open, show, user } = props;
  const { chat, readingConversation, restart } = useSession();
  const readingId = useStore(readingConversation);
  const { conversations, isLoaded, notifications } = useStore(chat.inbox);
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [isArchiveShown, setIsArchiveShown] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const query = search.trim().toLowerCase();
  // A search covers archived conversations as well.
  const candidates = query ? conversations : conversations.filter((conversation) => conversation.is_archived === isArchiveShown);
  const matches = candidates.filter((conversation) => conversationTitle(conversation, conversation.participants, user.id).toLowerCase().includes(query));
  // The open conversation stays in the unread list while it is being read.
  const isShownAsUnread = (conversation: ConversationOut) => conversation.unread_count > 0 || conversation.id === conversationId;
  const shown = matches.filter((conversation) => filter === "all" || (filter === "unread" ? isShownAsUnread(conversation) : conversation.conversation_type === filter));
  const isLate = useDelayedFlag(!isLoaded);
  const unread = conversations.filter((conversation) => !conversation.is_archived && conversation.id !== readingId).reduce((sum, conversation) => sum + conversation.unread_count, 0);
  useUnreadTitle(user.id, unread);
  const archivedCount = conversations.filter((conversation) => conversation.is_archived).length;
  const unreadNotifications = notifications.filter((notification) => !notification.is_read).length;
  const filters: readonly Filter[] = ["all", "unread", ...CONVERSATION_TYPE_NAMES.filter((type) => type === filter || candidates.some((conversation) => conversation.conversation_type === type))];
  const tabStopId = shown.some((conversation) => conversation.id === conversationId) ? conversationId : shown[0]?.id;
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[data-conversation]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || event.altKey || at < 0) return;
    event.preventDefault();
    items[Math.max(0, Math.min(items.length - 1, to))]?.focus();
  };
  return (
    <div class="sidebar">
      <header class="bar">
        <Avatar user={user} size="small" />
        <h2 class="who" dir="auto">{user.display_name}</h2>
        <IconButton
          icon="bell"
          label={unreadNotifications > 0 ? text.notificationsUnread(unreadNotifications) : text.notifications}
          onClick={() => show("notifications")}
        >
          {unreadNotifications > 0 && <span class="dot" />}
        </IconButton>
        <AccountMenu {...props} />
      </header>
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          class="input"
          dir="auto"
          value={search}
          placeholder={text.search}
          aria-label={text.search}
          onInput={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") list.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus();
            if (event.key !== "Escape") return;
            event.preventDefault();
            setSearch("");
          }}
        />
      </div>
      <div class="filters" role="group" aria-label={text.types}>
        {filters.map((one) => (
          <button key={one} type="button" class="chip" aria-pressed={filter === one} onClick={() => setFilter(one)}>
            {one === "all" ? text.all : one === "unread" ? text.unread : CONVERSATION_TYPES[one].plural}
          </button>
        ))}
      </div>
      <nav class="conversations" aria-label={text.conversations} onKeyDown={onKeyDown}>
        {isArchiveShown && (
          <button type="button" class="archive-link" onClick={() => setIsArchiveShown(false)}>
            <Icon name="back" />
            {text.backToAll}
          </button>
        )}
        {!isLoaded && !isLate && (
          <div class="empty">
            <Spinner label={text.loading} />
          </div>
        )}
        {!isLoaded && isLate && (
          <EmptyState icon="warn" title={text.listFailed}>
            <Button icon="retry" onClick={restart}>
              {text.retry}
            </Button>
          </EmptyState>
        )}
        {isLoaded && shown.length === 0 && <NoResults isSearch={query !== ""} isFiltered={matches.length > 0} clear={() => setFilter("all")} />}
        <ul ref={list}>
          {shown.map((conversation) => (
            <ConversationRow key={conversation.id} conversation={conversation} isOpen={conversation.id === conversationId} isTabStop={conversation.id === tabStopId} isSearchResult={query !== ""} open={open} />
          ))}
        </ul>
        {!isArchiveShown && archivedCount > 0 && (
          <button type="button" class="archive-link" onClick={() => setIsArchiveShown(true)}>
            <Icon name="archive" />
            {text.archivedCount(archivedCount)}
          </button>
        )}
      </nav>
    </div>
  );
}

function NoResults({ isSearch, isFiltered, clear }: { isSearch: boolean; isFiltered: boolean; clear: () => void }) {
  if (!isSearch || !isFiltered) return <EmptyState icon={isSearch ? "search" : "chat"} title={isSearch ? text.noMatches : text.noConversations} />;
  return (
    <EmptyState icon="search" title={text.noMatchesOfType}>
      <Button onClick={clear}>{text.searchAllTypes}</Button>
    </EmptyState>
  );
}

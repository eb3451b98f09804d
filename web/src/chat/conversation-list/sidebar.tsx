// The conversation list below the user, the search field and the type filters.

import type { ConversationOut } from "@wasgo/chat";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar, displayName } from "../../shared/avatar.tsx";
import { Button, EmptyState, IconButton, Spinner } from "../../shared/controls.tsx";
import { isPasted } from "../../shared/demo.ts";
import { Icon } from "../../shared/icons.tsx";
import { CONVERSATION_TYPES, CONVERSATION_TYPE_NAMES } from "../../shared/labels/conversation-types.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { AccountMenu } from "../account-menu.tsx";
import type { PaneProps } from "../pane-props.ts";
import { useSession } from "../session.ts";
import { useDelayedFlag } from "../ui/use-delayed-flag.ts";
import { useUnreadTitle } from "../unread-title.ts";
import { ConversationRow } from "./conversation-row.tsx";
import { type ConversationList, type Filter, useConversationList } from "./use-conversation-list.ts";
import { useRowsInView } from "./use-rows-in-view.ts";

export function Sidebar(props: PaneProps & { show: (panel: "notifications" | "preferences" | "shortcuts") => void }) {
  const { conversationId, open, show, user } = props;
  const { readingConversation, restart } = useSession();
  const readingId = useStore(readingConversation);
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [isArchiveShown, setIsArchiveShown] = useState(false);
  const scroller = useRef<HTMLElement>(null);
  const query = search.trim();
  const list = useConversationList({ search: query, filter, isArchiveShown, openId: conversationId });
  const { conversations, isLoaded, notifications, unread: total, hasMoreArchived } = list.inbox;
  const isLate = useDelayedFlag(!isLoaded);
  // Messages in archived conversations, and in the one that is being read, do not count.
  const notCounted = conversations.filter((conversation) => conversation.is_archived || conversation.id === readingId);
  useUnreadTitle(user.id, Math.max(0, total - notCounted.reduce((sum, conversation) => sum + conversation.unread_count, 0)));
  const archivedCount = conversations.filter((conversation) => conversation.is_archived).length;
  const unreadNotifications = notifications.filter((notification) => !notification.is_read).length;
  // A page that is not loaded may have conversations of any type.
  const hasType = (type: Filter) => list.hasMore || type === filter || list.candidates.some((conversation) => conversation.conversation_type === type);
  const filters: readonly Filter[] = ["all", "unread", ...CONVERSATION_TYPE_NAMES.filter(hasType)];
  const own = { ...user, ...(isPasted(user) ? ownProfile(conversations, user.id) : {}) };
  return (
    <div class="sidebar">
      <header class="bar">
        <Avatar user={own} size="small" />
        <h2 class="who" dir="auto">{displayName(own)}</h2>
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
            if (event.key === "ArrowDown") scroller.current?.querySelector<HTMLElement>("[data-conversation][tabindex='0']")?.focus();
            if (event.key !== "Escape") return;
            event.preventDefault();
            setSearch("");
          }}
        />
        {search && <IconButton icon="close" label={text.clearSearch} class="clear" onClick={() => setSearch("")} />}
      </div>
      <div class="filters" role="group" aria-label={text.types}>
        {filters.map((one) => (
          <button key={one} type="button" class="chip" aria-pressed={filter === one} onClick={() => setFilter(one)}>
            {one === "all" ? text.all : one === "unread" ? text.unread : CONVERSATION_TYPES[one].plural}
          </button>
        ))}
      </div>
      <nav class="conversations" aria-label={text.conversations} ref={scroller}>
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
        {isLoaded && list.shown.length === 0 && !list.hasMore && <NoResults isSearch={query !== ""} isFiltered={list.matches.length > 0} clear={() => setFilter("all")} />}
        <Rows list={list} scroller={scroller} openId={conversationId} isSearch={query !== ""} open={open} />
        {!isArchiveShown && archivedCount > 0 && (
          <button type="button" class="archive-link" onClick={() => setIsArchiveShown(true)}>
            <Icon name="archive" />
            {text.archivedCount(archivedCount, hasMoreArchived)}
          </button>
        )}
      </nav>
    </div>
  );
}

/** The profile of a user who is known by a token only, from any conversation. */
function ownProfile(conversations: readonly ConversationOut[], id: string) {
  for (const { participants } of conversations) {
    const found = participants.find(({ user }) => user.id === id)?.user;
    if (found) return found;
  }
  return undefined;
}

function Rows({ list, scroller, openId, isSearch, open }: {
  list: ConversationList;
  scroller: RefObject<HTMLElement | null>;
  openId: string | undefined;
  isSearch: boolean;
  open: (id: string) => void;
}) {
  const { shown, hasMore, hasFailed, loadMore } = list;
  const element = useRef<HTMLUListElement>(null);
  const { from, to, rowHeight } = useRowsInView(scroller, element, shown.length);
  const [focusTarget, setFocusTarget] = useState<string>();
  useEffect(() => {
    if (hasMore && !hasFailed && to >= shown.length) loadMore();
  });
  useEffect(() => {
    const row = focusTarget && element.current?.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(focusTarget)}"]`);
    if (!row) return;
    row.focus();
    setFocusTarget(undefined);
  });
  const rendered = shown.slice(from, to);
  const tabStopId = rendered.some((conversation) => conversation.id === openId) ? openId : rendered[0]?.id;
  const onKeyDown = (event: KeyboardEvent) => {
    const current = (event.target as HTMLElement).dataset.conversation;
    const at = shown.findIndex((conversation) => conversation.id === current);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined || event.altKey || at < 0 || !scroller.current) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(shown.length - 1, to));
    if (event.key === "Home" || event.key === "End") scroller.current.scrollTop = next * rowHeight;
    setFocusTarget(shown[next]?.id);
  };
  return (
    <>
      <ul ref={element} onKeyDown={onKeyDown} style={{ paddingBlock: `${from * rowHeight}px ${(shown.length - to) * rowHeight}px` }}>
        {rendered.map((conversation) => (
          <ConversationRow key={conversation.id} conversation={conversation} isOpen={conversation.id === openId} isTabStop={conversation.id === tabStopId} isSearchResult={isSearch} open={open} />
        ))}
      </ul>
      {hasMore && (
        <div class="more-conversations">
          {hasFailed ? (
            <>
              <p role="alert">{text.moreFailed}</p>
              <Button icon="retry" onClick={loadMore}>
                {text.retry}
              </Button>
            </>
          ) : (
            <Spinner label={text.moreLoading} />
          )}
        </div>
      )}
    </>
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

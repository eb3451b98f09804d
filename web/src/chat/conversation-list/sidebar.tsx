// The list of conversations with what stands above it: who one is, search, types.

import type { ConversationOut } from "@wasgo/chat";
import { useRef, useState } from "preact/hooks";
import { Avatar } from "../../shared/avatar.tsx";
import { Button, Empty, IconButton, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { CONVERSATION_TYPES, CONVERSATION_TYPE_NAMES, type ConversationType } from "../../shared/labels/conversation-types.ts";
import { text } from "../../shared/text.ts";
import { ConversationRow } from "./conversation-row.tsx";
import { useLate } from "../ui/use-delayed-flag.ts";
import { titleOf } from "../conversation/conversation-text.ts";
import type { PaneProps } from "../pane.tsx";
import { PersonMenu } from "../account-menu.tsx";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";
import { useUnreadInTitle } from "../unread-title.ts";

type Filter = ConversationType | "all" | "unread";

export function Sidebar(props: PaneProps & { show: (panel: "notifications" | "preferences" | "shortcuts") => void }) {
  const { conversationId, open, show, user } = props;
  const { chat, beingRead, restart } = useSession();
  const read = useStore(beingRead);
  const { conversations, isLoaded, notifications } = useStore(chat.inbox);
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [isArchive, setIsArchive] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const words = search.trim().toLowerCase();
  // Who searches does not know where it lies: archived or not.
  const here = words ? conversations : conversations.filter((one) => one.is_archived === isArchive);
  const found = here.filter((one) => titleOf(one, one.participants, user.id).toLowerCase().includes(words));
  // What was opened from among the unread stays there while it is read.
  const isUnread = (one: ConversationOut) => one.unread_count > 0 || one.id === conversationId;
  const shown = found.filter((one) => filter === "all" || (filter === "unread" ? isUnread(one) : one.conversation_type === filter));
  const isLate = useLate(!isLoaded);
  const unread = conversations.filter((one) => !one.is_archived && one.id !== read).reduce((sum, one) => sum + one.unread_count, 0);
  useUnreadInTitle(user.id, unread);
  const archivedCount = conversations.filter((one) => one.is_archived).length;
  const unseen = notifications.filter((one) => !one.is_read).length;
  const filters: readonly Filter[] = ["all", "unread", ...CONVERSATION_TYPE_NAMES.filter((type) => type === filter || here.some((one) => one.conversation_type === type))];
  const rovingId = shown.some((one) => one.id === conversationId) ? conversationId : shown[0]?.id;
  const keys = (event: KeyboardEvent) => {
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
        <Avatar person={user} size="small" />
        <h2 class="who" dir="auto">{user.display_name}</h2>
        <IconButton
          icon="bell"
          label={unseen > 0 ? text.notificationsUnread(unseen) : text.notifications}
          onClick={() => show("notifications")}
        >
          {unseen > 0 && <span class="dot" />}
        </IconButton>
        <PersonMenu {...props} />
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
      <nav class="conversations" aria-label={text.conversations} onKeyDown={keys}>
        {isArchive && (
          <button type="button" class="archive-link" onClick={() => setIsArchive(false)}>
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
          <Empty icon="warn" title={text.listFailed}>
            <Button icon="retry" onClick={restart}>
              {text.retry}
            </Button>
          </Empty>
        )}
        {isLoaded && shown.length === 0 && <Nothing isSearch={words !== ""} isFiltered={found.length > 0} clear={() => setFilter("all")} />}
        <ul ref={list}>
          {shown.map((one) => (
            <ConversationRow key={one.id} conversation={one} isOpen={one.id === conversationId} isReachable={one.id === rovingId} isFound={words !== ""} open={open} />
          ))}
        </ul>
        {!isArchive && archivedCount > 0 && (
          <button type="button" class="archive-link" onClick={() => setIsArchive(true)}>
            <Icon name="archive" />
            {text.archivedCount(archivedCount)}
          </button>
        )}
      </nav>
    </div>
  );
}

function Nothing({ isSearch, isFiltered, clear }: { isSearch: boolean; isFiltered: boolean; clear: () => void }) {
  if (!isSearch || !isFiltered) return <Empty icon={isSearch ? "search" : "chat"} title={isSearch ? text.noMatches : text.noConversations} />;
  return (
    <Empty icon="search" title={text.noMatchesOfType}>
      <Button onClick={clear}>{text.searchAllTypes}</Button>
    </Empty>
  );
}

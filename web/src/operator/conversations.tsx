// All conversations with filters, and the selected conversation and message next to the list.

import { unwrap } from "@wasgo/chat";
import { type InspectConversationsData, type InspectedConversation, inspectConversations } from "@wasgo/chat/rest";
import { useEffect, useRef, useState } from "preact/hooks";
import { displayName } from "../shared/avatar.tsx";
import { Badge, Button, EmptyState } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../shared/labels/conversation-types.ts";
import { formatDateTime, formatShortDate } from "../shared/times.ts";
import { inspectedTitle } from "./conversation-title.ts";
import { ConversationPane } from "./conversation.tsx";
import { MessagePane } from "./message.tsx";
import { LoadMoreButton, LoadState } from "./operator-controls.tsx";
import { hrefTo, useRoute } from "./router.ts";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";
import { usePaginated } from "./use-paginated.ts";
import { usePolling } from "./use-polling.ts";

type Filters = NonNullable<InspectConversationsData["query"]>;

// Each request is recorded in the audit log, so this is about as often as a person would reload.
const REFRESH_INTERVAL_MS = 60_000;

export function Conversations() {
  const { conversation, message } = useRoute();
  const openedMessage = useRef<string | undefined>(undefined);
  useEffect(() => {
    // Closing a message returns the focus to its row. On a narrow screen the row was hidden and lost the focus.
    if (openedMessage.current && !message) document.querySelector<HTMLElement>(`[data-message="${CSS.escape(openedMessage.current)}"]`)?.focus();
    openedMessage.current = message;
  }, [message]);
  return (
    <main class="panes" data-shows={message ? "message" : conversation ? "conversation" : "list"}>
      <ConversationList />
      {conversation ? (
        <ConversationPane key={conversation} id={conversation} />
      ) : (
        <section class="pane conversation">
          <EmptyState icon="search" title={operatorText.noneSelected}><p>{operatorText.noneSelectedHint}</p></EmptyState>
        </section>
      )}
      {conversation && message && <MessagePane key={message} id={message} conversation={conversation} />}
    </main>
  );
}

function ConversationList() {
  const client = useClient();
  const { conversation } = useRoute();
  const [filters, setFilters] = useState<Filters>({});
  const { rows, first, next, refresh } = usePaginated(`list ${JSON.stringify(filters)}`, (cursor) =>
    unwrap(inspectConversations({ client, query: { ...filters, ...(cursor ? { cursor } : {}) } })),
  );
  usePolling(refresh, REFRESH_INTERVAL_MS);
  return (
    <section class="pane list" aria-label={operatorText.conversations}>
      <FilterForm setFilters={setFilters} />
      <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.list}>
        <LoadState state={first} />
        {first.data && rows.length === 0 && (
          <EmptyState icon="search" title={operatorText.noMatches}><p>{operatorText.noMatchesHint}</p></EmptyState>
        )}
        <ul class="rows">
          {rows.map((one) => <ConversationRow key={one.id} conversation={one} isSelected={one.id === conversation} />)}
        </ul>
        <LoadMoreButton next={next} />
      </div>
    </section>
  );
}

function ConversationRow({ conversation, isSelected }: { conversation: InspectedConversation; isSelected: boolean }) {
  const names = conversation.people.slice(0, 2).map(displayName).join(", ");
  return (
    <li>
      <a class="row" href={hrefTo({ section: "conversations", conversation: conversation.id })} {...(isSelected ? { "aria-current": "true" as const } : {})}>
        <span class="line">
          <span class="title" dir="auto">{inspectedTitle(conversation)}</span>
          <time class="soft" dateTime={conversation.created_at} title={formatDateTime(conversation.created_at)}>{formatShortDate(conversation.created_at)}</time>
        </span>
        <span class="line soft">
          <span class="member-names" dir="auto">{names ? operatorText.memberNames(names, conversation.participant_count - Math.min(2, conversation.people.length)) : operatorText.noMembers}</span>
        </span>
        <span class="line badges">
          <Badge tone={CONVERSATION_TYPES[conversation.conversation_type].tone}>{CONVERSATION_TYPES[conversation.conversation_type].label}</Badge>
          {conversation.status === "closed" && <Badge><Icon name="lock" />{CONVERSATION_STATUSES.closed.label}</Badge>}
          {conversation.reference && <span class="reference soft" dir="auto">{operatorText.reference(conversation.reference.type, conversation.reference.id)}</span>}
          <span class="message-count soft">{operatorText.messageCount(conversation.message_count)}</span>
        </span>
      </a>
    </li>
  );
}

function FilterForm({ setFilters }: { setFilters: (filters: Filters) => void }) {
  const [areMoreFiltersShown, setAreMoreFiltersShown] = useState(false);
  const apply = (form: HTMLFormElement) => {
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
    setFilters(values as Filters);
  };
  return (
    <form
      class="filters"
      role="search"
      aria-label={operatorText.filters}
      onSubmit={(event) => {
        event.preventDefault();
        apply(event.currentTarget);
      }}
      onChange={(event) => event.target instanceof HTMLSelectElement && apply(event.currentTarget)}
      onReset={() => setFilters({})}
    >
      <div class="search-row">
        <label class="search">
          <Icon name="search" />
          <span class="visually-hidden">{operatorText.search}</span>
          <input class="input" dir="auto" type="search" name="title" placeholder={operatorText.search} maxLength={200} pattern=".*[\p{L}\p{N}].*" />
        </label>
        <Button icon="settings" aria-expanded={areMoreFiltersShown} aria-controls="more-filters" onClick={() => setAreMoreFiltersShown(!areMoreFiltersShown)}>{operatorText.filters}</Button>
      </div>
      <div class="two-columns">
        <Select name="conversation_type" label={operatorText.type} any={operatorText.anyType} options={optionsOf(CONVERSATION_TYPES)} />
        <Select name="status" label={operatorText.status} any={operatorText.anyStatus} options={optionsOf(CONVERSATION_STATUSES)} />
      </div>
      <div id="more-filters" class="two-columns" hidden={!areMoreFiltersShown}>
        <label class="field"><span>{operatorText.referenceId}</span><input class="input" dir="auto" name="reference_id" maxLength={128} autocomplete="off" /></label>
        <label class="field"><span>{operatorText.userId}</span><input class="input" dir="auto" name="participant" maxLength={128} autocomplete="off" /></label>
        <Button kind="primary" type="submit">{operatorText.apply}</Button>
        <Button type="reset">{operatorText.reset}</Button>
      </div>
    </form>
  );
}

function optionsOf(labels: Readonly<Record<string, { readonly label: string }>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).map(([value, { label }]) => [value, label]);
}

function Select({ name, label, any, options }: { name: string; label: string; any: string; options: readonly (readonly [string, string])[] }) {
  return (
    <label class="select">
      <span class="visually-hidden">{label}</span>
      <select class="input" name={name}>
        <option value="">{any}</option>
        {options.map(([value, shown]) => <option key={value} value={value}>{shown}</option>)}
      </select>
    </label>
  );
}

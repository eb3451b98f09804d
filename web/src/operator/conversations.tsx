// The list of everybody's conversations with its filters, beside the one that is chosen.

import { result } from "@wasgo/chat";
import { type InspectConversationsData, type InspectedConversation, inspectConversations } from "@wasgo/chat/rest";
import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../shared/avatar.tsx";
import { Badge, Button, Empty } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../shared/labels/conversation-types.ts";
import { briefly, whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./router.ts";
import { ConversationPane } from "./conversation.tsx";
import { MessagePane } from "./message.tsx";
import { useNowAndThen, usePages } from "./pagination.ts";
import { MoreOf, Waiting } from "./operator-controls.tsx";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";

type Filters = NonNullable<InspectConversationsData["query"]>;

// Each look at the list leaves a row in the audit, so not more often than an eye would.
const RENEW_MS = 60_000;

export function Conversations() {
  const { conversation, message } = usePlace();
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    // Whoever closes a message goes on where they opened it. It may have been hidden meanwhile, which takes the focus.
    if (before.current && !message) document.querySelector<HTMLElement>(`[data-message="${CSS.escape(before.current)}"]`)?.focus();
    before.current = message;
  }, [message]);
  return (
    <main class="panes" data-shows={message ? "message" : conversation ? "conversation" : "list"}>
      <List />
      {conversation ? (
        <ConversationPane key={conversation} id={conversation} />
      ) : (
        <section class="pane conversation">
          <Empty icon="search" title={operatorText.noneSelected}><p>{operatorText.noneSelectedHint}</p></Empty>
        </section>
      )}
      {conversation && message && <MessagePane key={message} id={message} conversation={conversation} />}
    </main>
  );
}

function List() {
  const client = useClient();
  const { conversation } = usePlace();
  const [filters, setFilters] = useState<Filters>({});
  const { rows, first, more, renew } = usePages(`list ${JSON.stringify(filters)}`, (cursor) =>
    result(inspectConversations({ client, query: { ...filters, ...(cursor ? { cursor } : {}) } })),
  );
  useNowAndThen(renew, RENEW_MS);
  return (
    <section class="pane list" aria-label={operatorText.conversations}>
      <FilterForm set={setFilters} />
      <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.list}>
        <Waiting of={first} />
        {first.data && rows.length === 0 && (
          <Empty icon="search" title={operatorText.noMatches}><p>{operatorText.noMatchesHint}</p></Empty>
        )}
        <ul class="rows">
          {rows.map((one) => <Row key={one.id} of={one} isChosen={one.id === conversation} />)}
        </ul>
        <MoreOf of={more} />
      </div>
    </section>
  );
}

function Row({ of, isChosen }: { of: InspectedConversation; isChosen: boolean }) {
  const names = of.people.slice(0, 2).map(nameOf).join(", ");
  return (
    <li>
      <a class="row" href={addressOf({ section: "conversations", conversation: of.id })} {...(isChosen ? { "aria-current": "true" as const } : {})}>
        <span class="line">
          <span class="title" dir="auto">{titleOf(of)}</span>
          <time class="soft" dateTime={of.created_at} title={whole(of.created_at)}>{briefly(of.created_at)}</time>
        </span>
        <span class="line soft">
          <span class="people" dir="auto">{names ? operatorText.memberNames(names, of.participant_count - Math.min(2, of.people.length)) : operatorText.noMembers}</span>
        </span>
        <span class="line marks">
          <Badge tone={CONVERSATION_TYPES[of.conversation_type].tone}>{CONVERSATION_TYPES[of.conversation_type].label}</Badge>
          {of.status === "closed" && <Badge><Icon name="lock" />{CONVERSATION_STATUSES.closed.label}</Badge>}
          {of.reference && <span class="reference soft" dir="auto">{operatorText.reference(of.reference.type, of.reference.id)}</span>}
          <span class="count-of soft">{operatorText.messageCount(of.message_count)}</span>
        </span>
      </a>
    </li>
  );
}

export function titleOf(of: Pick<InspectedConversation, "title" | "people" | "conversation_type">): string {
  if (of.title) return of.title;
  const names = of.people.slice(0, 2).map(nameOf);
  return of.conversation_type === "direct" && names.length ? names.join(" · ") : operatorText.untitled;
}

function FilterForm({ set }: { set: (filters: Filters) => void }) {
  const [isWide, setIsWide] = useState(false);
  const apply = (form: HTMLFormElement) => {
    const said = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
    set(said as Filters);
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
      onReset={() => set({})}
    >
      <div class="words">
        <label class="search">
          <Icon name="search" />
          <span class="only-read">{operatorText.search}</span>
          <input class="input" dir="auto" type="search" name="title" placeholder={operatorText.search} maxLength={200} pattern=".*[\p{L}\p{N}].*" />
        </label>
        <Button icon="settings" aria-expanded={isWide} aria-controls="more-filters" onClick={() => setIsWide(!isWide)}>{operatorText.filters}</Button>
      </div>
      <div class="two">
        <Select name="conversation_type" label={operatorText.type} any={operatorText.anyType} options={optionsOf(CONVERSATION_TYPES)} />
        <Select name="status" label={operatorText.status} any={operatorText.anyStatus} options={optionsOf(CONVERSATION_STATUSES)} />
      </div>
      <div id="more-filters" class="two" hidden={!isWide}>
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
    <label class="pick">
      <span class="only-read">{label}</span>
      <select class="input" name={name}>
        <option value="">{any}</option>
        {options.map(([value, shown]) => <option key={value} value={value}>{shown}</option>)}
      </select>
    </label>
  );
}

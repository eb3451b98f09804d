// The list of everybody's conversations with its filters, beside the one that is chosen.

import { result } from "@wasgo/chat";
import { type InspectConversationsData, type InspectedConversation, inspectConversations } from "@wasgo/chat/rest";
import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../shared/avatar.tsx";
import { Badge, Button, Empty } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { briefly, whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./address.ts";
import { ConversationPane } from "./conversation.tsx";
import { MessagePane } from "./message.tsx";
import { useNowAndThen, usePages } from "./pages.ts";
import { MoreOf, Waiting } from "./parts.tsx";
import { useClient } from "./session.ts";
import { words } from "./text.ts";

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
          <Empty icon="search" title={words.choose}><p>{words.chooseHint}</p></Empty>
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
    <section class="pane list" aria-label={words.conversations}>
      <FilterForm set={setFilters} />
      <div class="scroll" tabIndex={0} role="group" aria-label={words.list}>
        <Waiting of={first} />
        {first.data && rows.length === 0 && (
          <Empty icon="search" title={words.nothingFound}><p>{words.nothingFoundHint}</p></Empty>
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
          <span class="people" dir="auto">{names ? words.withPeople(names, of.participant_count - Math.min(2, of.people.length)) : words.nobody}</span>
        </span>
        <span class="line marks">
          <Badge tone={of.conversation_type}>{words.types[of.conversation_type]}</Badge>
          {of.status === "closed" && <Badge><Icon name="lock" />{words.closed}</Badge>}
          {of.reference && <span class="reference soft" dir="auto">{words.referenceOf(of.reference.type, of.reference.id)}</span>}
          <span class="count-of soft">{words.messageCount(of.message_count)}</span>
        </span>
      </a>
    </li>
  );
}

export function titleOf(of: Pick<InspectedConversation, "title" | "people" | "conversation_type">): string {
  if (of.title) return of.title;
  const names = of.people.slice(0, 2).map(nameOf);
  return of.conversation_type === "direct" && names.length ? names.join(" · ") : words.untitled;
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
      aria-label={words.filters}
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
          <span class="only-read">{words.search}</span>
          <input class="input" dir="auto" type="search" name="title" placeholder={words.search} maxLength={200} pattern=".*[\p{L}\p{N}].*" />
        </label>
        <Button icon="settings" aria-expanded={isWide} aria-controls="more-filters" onClick={() => setIsWide(!isWide)}>{words.filters}</Button>
      </div>
      <div class="two">
        <Select name="conversation_type" label={words.type} any={words.anyType} options={Object.entries(words.types)} />
        <Select name="status" label={words.state} any={words.anyState} options={[["open", words.open], ["closed", words.closed]]} />
      </div>
      <div id="more-filters" class="two" hidden={!isWide}>
        <label class="field"><span>{words.reference}</span><input class="input" dir="auto" name="reference_id" maxLength={128} autocomplete="off" /></label>
        <label class="field"><span>{words.person}</span><input class="input" dir="auto" name="participant" maxLength={128} autocomplete="off" /></label>
        <Button kind="primary" type="submit">{words.apply}</Button>
        <Button type="reset">{words.reset}</Button>
      </div>
    </form>
  );
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

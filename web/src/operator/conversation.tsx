// One conversation: what it is about, its messages, its members and their roles.

import { result } from "@wasgo/chat";
import { type InspectedConversationDetail, type MessageOut, type ParticipantOut, inspectConversation, inspectMessages } from "@wasgo/chat/rest";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Badge, Button, Empty } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { clock, dayKey, dayName, whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./address.ts";
import { titleOf } from "./conversations.tsx";
import { Waiting } from "./parts.tsx";
import { useClient, useLoad, usePages } from "./session.ts";
import { words } from "./text.ts";

const ROLE_TONES: Record<ParticipantOut["role"], string> = { admin: "job", moderator: "support", participant: "", observer: "" };

export function ConversationPane({ id }: { id: string }) {
  const client = useClient();
  const { part } = usePlace();
  const loaded = useLoad(`conversation ${id}`, () => result(inspectConversation({ client, path: { conversation_id: id } })));
  const here = { section: "conversations", conversation: id } as const;
  return (
    <section class="pane conversation" aria-labelledby="conversation-title">
      <header class="pane-top">
        <a class="icon-button back" href={addressOf({ section: "conversations" })} aria-label={words.back} title={words.back}><Icon name="back" /></a>
        <div class="heading">
          <h2 id="conversation-title">{loaded.data ? titleOf(loaded.data) : " "}</h2>
          {loaded.data && <Facts of={loaded.data} />}
        </div>
      </header>
      <nav class="tabs" aria-label={words.conversationParts}>
        <a href={addressOf(here)} {...(part ? {} : { "aria-current": "true" as const })}>{words.messages}</a>
        <a href={addressOf({ ...here, part: "members" })} {...(part ? { "aria-current": "true" as const } : {})}>{words.members}</a>
      </nav>
      <div class="scroll" tabIndex={0} role="group" aria-label={part ? words.members : words.messages}>
        <Waiting of={loaded} />
        {loaded.data && (part ? <Members of={loaded.data} /> : <Messages id={id} />)}
      </div>
    </section>
  );
}

function Facts({ of }: { of: InspectedConversationDetail }) {
  return (
    <p class="line marks">
      <Badge tone={of.conversation_type}>{words.types[of.conversation_type]}</Badge>
      <Badge tone={of.status === "open" ? "ok" : ""}>{of.status === "open" ? words.open : words.closed}</Badge>
      {of.reference && <span class="reference soft">{words.referenceOf(of.reference.type, of.reference.id)}</span>}
      <time class="soft" dateTime={of.created_at}>{words.createdAt(whole(of.created_at))}</time>
    </p>
  );
}

function Messages({ id }: { id: string }) {
  const client = useClient();
  const { message } = usePlace();
  const { rows, first, more } = usePages(`messages ${id}`, (cursor) =>
    result(inspectMessages({ client, path: { conversation_id: id }, ...(cursor ? { query: { cursor } } : {}) })),
  );
  if (!first.data) return <Waiting of={first} />;
  if (rows.length === 0) return <Empty icon="chat" title={words.noMessages} />;
  return (
    <>
      <ol class="messages">
        {rows.map((one, at) => {
          const above = rows[at - 1];
          return (
            <li key={one.id}>
              {(!above || dayKey(above.created_at) !== dayKey(one.created_at)) && <h3 class="day">{dayName(one.created_at)}</h3>}
              <MessageRow of={one} isChosen={one.id === message} />
            </li>
          );
        })}
      </ol>
      {more && <p class="more"><Button onClick={more}>{words.more}</Button></p>}
    </>
  );
}

function MessageRow({ of, isChosen }: { of: MessageOut; isChosen: boolean }) {
  const name = of.sender ? nameOf(of.sender) : words.system;
  const edits = of.revision - 1 - (of.is_deleted ? 1 : 0);
  const place = { section: "conversations", conversation: of.conversation, message: of.id } as const;
  return (
    <a class="message" href={addressOf(place)} {...(isChosen ? { "aria-current": "true" as const } : {})}>
      {of.sender ? <Avatar person={of.sender} size="small" /> : <span class="no-avatar"><Icon name="info" /></span>}
      <span class="body">
        <span class="line">
          <strong class="name">{name}</strong>
          <time class="soft" dateTime={of.created_at} title={whole(of.created_at)}>{clock(of.created_at)}</time>
          {edits > 0 && <Badge tone="warn">{words.edited(edits)}</Badge>}
          {of.is_deleted && <Badge tone="danger">{words.deleted}</Badge>}
        </span>
        {of.content && <span class="said">{of.content}</span>}
        {of.attachments.length > 0 && <span class="soft files"><Icon name="attach" />{words.attachment(of.attachments.length)}</span>}
        <span class="only-read">{words.inspect(name)}</span>
      </span>
    </a>
  );
}

function Members({ of }: { of: InspectedConversationDetail }) {
  return (
    <ul class="members">
      {of.participants.map((one) => (
        <li key={one.user.id} class={one.left_at ? "gone" : ""}>
          <Avatar person={one.user} />
          <span class="body">
            <span class="line">
              <strong class="name">{nameOf(one.user)}</strong>
              <Badge tone={ROLE_TONES[one.role]}>{words.roles[one.role]}</Badge>
            </span>
            <span class="soft">{one.user.id}</span>
            <span class="soft">
              {words.joined(whole(one.joined_at))} · {one.left_at ? words.left(whole(one.left_at)) : words.readUpTo(one.last_read_seq)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

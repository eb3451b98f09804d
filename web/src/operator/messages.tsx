// The messages of a conversation as a chat shows them: the oldest above, the newest below, and there one begins.

import { result } from "@wasgo/chat";
import { type InspectedConversationDetail, type MessageOut, type ParticipantOut, inspectMessages } from "@wasgo/chat/rest";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Badge, Empty } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { clock, dayKey, dayName, whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./router.ts";
import { usePages } from "./pagination.ts";
import { MoreOf, RoleBadge, Waiting } from "./operator-controls.tsx";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";

export function MessageList({ of }: { of: InspectedConversationDetail }) {
  const client = useClient();
  const { message } = usePlace();
  const { rows, first, more } = usePages(`messages ${of.id}`, (cursor) =>
    result(inspectMessages({ client, path: { conversation_id: of.id }, ...(cursor ? { query: { cursor } } : {}) })),
  );
  const scroller = useRef<HTMLDivElement>(null);
  const fromEnd = useRef(0);
  // Older ones come in above what is read, so its distance from the end is kept; it is 0 at first.
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current) current.scrollTop = current.scrollHeight - fromEnd.current;
  }, [rows.length]);
  const scrolled = () => {
    const { current } = scroller;
    if (current) fromEnd.current = current.scrollHeight - current.scrollTop;
  };
  const ordered = rows.toReversed();
  const roles = new Map(of.participants.map((one) => [one.user.id, one.role]));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.messages} ref={scroller} onScroll={scrolled}>
      <Waiting of={first} />
      {first.data && rows.length === 0 && <Empty icon="chat" title={operatorText.noMessages} />}
      <MoreOf of={more} label={operatorText.older} />
      <ol class="messages">
        {ordered.map((one, at) => {
          const above = ordered[at - 1];
          return (
            <li key={one.id}>
              {(!above || dayKey(above.created_at) !== dayKey(one.created_at)) && <h3 class="day">{dayName(one.created_at)}</h3>}
              <MessageRow of={one} role={one.sender ? roles.get(one.sender.id) : undefined} isChosen={one.id === message} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function MessageRow({ of, role, isChosen }: { of: MessageOut; role: ParticipantOut["role"] | undefined; isChosen: boolean }) {
  const name = of.sender ? nameOf(of.sender) : operatorText.system;
  const edits = of.revision - 1 - (of.is_deleted ? 1 : 0);
  const place = { section: "conversations", conversation: of.conversation, message: of.id } as const;
  return (
    <a class="message" data-message={of.id} href={addressOf(place)} {...(isChosen ? { "aria-current": "true" as const } : {})}>
      {of.sender ? <Avatar person={of.sender} size="small" /> : <span class="no-avatar"><Icon name="info" /></span>}
      <span class="body">
        <span class="line">
          <strong class="name" dir="auto">{name}</strong>
          {role && role !== "participant" && <RoleBadge of={role} />}
          <time class="soft" dateTime={of.created_at} title={whole(of.created_at)}>{clock(of.created_at)}</time>
          {edits > 0 && <Badge tone="warning">{operatorText.edited(edits)}</Badge>}
          {of.is_deleted && <Badge tone="red">{operatorText.deleted}</Badge>}
        </span>
        {of.reply_preview && <Answered to={of.reply_preview} />}
        {of.content && <span class="said" dir="auto">{of.content}</span>}
        {of.attachments.length > 0 && <span class="soft files"><Icon name="attach" />{operatorText.attachments(of.attachments.length)}</span>}
        <span class="only-read">{operatorText.inspect(name)}</span>
      </span>
    </a>
  );
}

/** What the message is an answer to. */
function Answered({ to }: { to: NonNullable<MessageOut["reply_preview"]> }) {
  return (
    <span class="answered soft">
      <Icon name="reply" />
      {to.sender && <strong dir="auto">{nameOf(to.sender)}</strong>}
      <span class="quote" dir="auto">{to.is_deleted ? operatorText.deleted : to.content}</span>
    </span>
  );
}

// The messages of a conversation in chat order, oldest first; the list opens scrolled to the newest.

import { unwrap } from "@wasgo/chat";
import { type InspectedConversationDetail, type MessageOut, type ParticipantOut, inspectMessages } from "@wasgo/chat/rest";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Avatar, displayName } from "../shared/avatar.tsx";
import { Badge, EmptyState } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { dayKey, formatDateTime, formatDay, formatTime } from "../shared/times.ts";
import { LoadMoreButton, LoadState, RoleBadge } from "./operator-controls.tsx";
import { hrefTo, useRoute } from "./router.ts";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";
import { usePaginated } from "./use-paginated.ts";

export function MessageList({ conversation }: { conversation: InspectedConversationDetail }) {
  const client = useClient();
  const { message } = useRoute();
  const { rows, first, next } = usePaginated(`messages ${conversation.id}`, (cursor) =>
    unwrap(inspectMessages({ client, path: { conversation_id: conversation.id }, ...(cursor ? { query: { cursor } } : {}) })),
  );
  const scroller = useRef<HTMLDivElement>(null);
  const distanceFromEnd = useRef(0);
  // Older messages are inserted above, so keep the distance from the end; it starts at 0.
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current) current.scrollTop = current.scrollHeight - distanceFromEnd.current;
  }, [rows.length]);
  const onScroll = () => {
    const { current } = scroller;
    if (current) distanceFromEnd.current = current.scrollHeight - current.scrollTop;
  };
  const ordered = rows.toReversed();
  const roles = new Map(conversation.participants.map((participant) => [participant.user.id, participant.role]));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.messages} ref={scroller} onScroll={onScroll}>
      <LoadState state={first} />
      {first.data && rows.length === 0 && <EmptyState icon="chat" title={operatorText.noMessages} />}
      <LoadMoreButton next={next} label={operatorText.older} />
      <ol class="messages">
        {ordered.map((one, at) => {
          const above = ordered[at - 1];
          return (
            <li key={one.id}>
              {(!above || dayKey(above.created_at) !== dayKey(one.created_at)) && <h3 class="day">{formatDay(one.created_at)}</h3>}
              <MessageRow message={one} role={one.sender ? roles.get(one.sender.id) : undefined} isSelected={one.id === message} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function MessageRow({ message, role, isSelected }: { message: MessageOut; role: ParticipantOut["role"] | undefined; isSelected: boolean }) {
  const name = message.sender ? displayName(message.sender) : operatorText.system;
  const edits = message.revision - 1 - (message.is_deleted ? 1 : 0);
  const route = { section: "conversations", conversation: message.conversation, message: message.id } as const;
  return (
    <a class="message" data-message={message.id} href={hrefTo(route)} {...(isSelected ? { "aria-current": "true" as const } : {})}>
      {message.sender ? <Avatar user={message.sender} size="small" /> : <span class="no-avatar"><Icon name="info" /></span>}
      <span class="body">
        <span class="line">
          <strong class="name" dir="auto">{name}</strong>
          {role && role !== "participant" && <RoleBadge role={role} />}
          <time class="soft" dateTime={message.created_at} title={formatDateTime(message.created_at)}>{formatTime(message.created_at)}</time>
          {edits > 0 && <Badge tone="warning">{operatorText.edited(edits)}</Badge>}
          {message.is_deleted && <Badge tone="red">{operatorText.deleted}</Badge>}
        </span>
        {message.reply_preview && <ReplyPreview preview={message.reply_preview} />}
        {message.content && <span class="content" dir="auto">{message.content}</span>}
        {message.attachments.length > 0 && <span class="soft files"><Icon name="attach" />{operatorText.attachments(message.attachments.length)}</span>}
        <span class="visually-hidden">{operatorText.inspect(name)}</span>
      </span>
    </a>
  );
}

function ReplyPreview({ preview }: { preview: NonNullable<MessageOut["reply_preview"]> }) {
  return (
    <span class="reply-preview soft">
      <Icon name="reply" />
      {preview.sender && <strong dir="auto">{displayName(preview.sender)}</strong>}
      <span class="quote" dir="auto">{preview.is_deleted ? operatorText.deleted : preview.content}</span>
    </span>
  );
}

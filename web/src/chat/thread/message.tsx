// A message with its sender, content, time, reactions, read receipts and actions.

import type { MessageOut } from "@wasgo/chat";
import { useRef } from "preact/hooks";
import { Avatar, displayName } from "../../shared/avatar.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { formatDateTime, formatTime } from "../../shared/times.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { messageText } from "../conversation/conversation-text.ts";
import { LocationCard, messageLocation } from "../ui/location-card.tsx";
import { useLongPress } from "../ui/use-long-press.ts";
import { Attachments } from "./attachments.tsx";
import { isJumboEmoji } from "./jumbo-emoji.ts";
import { MessageActions, useMessageActions } from "./message-actions.tsx";
import { MessageText } from "./message-text.tsx";
import { Quote } from "./quote.tsx";
import { Reactions } from "./reactions.tsx";
import { SeenBy, lastReaders } from "./seen-by.tsx";
import type { MessageRow } from "./thread-rows.ts";

export function Message({ row, isTabStop }: { row: MessageRow; isTabStop: boolean }) {
  const { message, isOwn, isFirst, isLast } = row;
  const { state, me } = useOpenConversation();
  const element = useRef<HTMLDivElement>(null);
  const actions = useMessageActions(message);
  const longPress = useLongPress(() => !message.is_deleted && actions.open("menu"));
  const sender = message.sender;
  if (!sender) return null;
  const isGroup = state.conversation?.conversation_type !== "direct";
  const name = isOwn ? text.you : displayName(sender);
  const location = messageLocation(message);
  const isJumbo = !message.reply_preview && message.attachments.length === 0 && isJumboEmoji(message.content ?? "");
  const isBare = message.attachments.length > 0 && !message.content && !message.reply_preview;
  const readers = isOwn ? lastReaders(state, message, me) : [];
  const isSeen = isOwn && state.participants.some((participant) => participant.user.id !== me && participant.last_read_seq >= message.seq);
  return (
    <div
      ref={element}
      class="message"
      role="article"
      data-message={message.id}
      data-own={isOwn}
      data-first={isFirst}
      data-last={isLast}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={messageLabel(message, name, me)}
      onKeyDown={(event) => event.target === element.current && actions.onKeyDown(event)}
    >
      {!isOwn && isGroup && <span class="sender-avatar">{isLast && <Avatar user={sender} size="small" />}</span>}
      <div class="column">
        {isFirst && !isOwn && isGroup && <span class="name" dir="auto">{name}</span>}
        <div class="with-actions">
          <div class="bubble" data-deleted={message.is_deleted} data-jumbo={isJumbo} data-bare={isBare} data-pressed={longPress.isPressed} {...longPress.handlers}>
            {message.reply_preview && !message.is_deleted && <Quote preview={message.reply_preview} />}
            {message.attachments.length > 0 && <Attachments message={message} />}
            {location && <LocationCard location={location} />}
            {message.is_deleted ? (
              <span class="message-text">{text.deleted}</span>
            ) : (
              message.content && <MessageText content={message.content} mentions={message.mentions} />
            )}
            <span class="meta" title={message.edited_at ? text.editedAt(formatDateTime(message.edited_at)) : formatDateTime(message.created_at)}>
              {message.is_edited && !message.is_deleted && <span>{text.edited}</span>}
              <time dateTime={message.created_at}>{formatTime(message.created_at)}</time>
              {isOwn && !message.is_deleted && (
                <span class="ticks" data-seen={isSeen}>
                  <Icon name={isSeen ? "checks" : "check"} />
                  <span class="visually-hidden">{isSeen ? text.seen : text.sent}</span>
                </span>
              )}
            </span>
          </div>
          {!message.is_deleted && <MessageActions message={message} actions={actions} />}
        </div>
        {message.reactions.length > 0 && <Reactions message={message} />}
        {readers.length > 0 && <SeenBy readers={readers} />}
      </div>
    </div>
  );
}

/** What a screen reader says: name, time, what it replies to, text and reactions. */
function messageLabel(message: MessageOut, name: string, me: string): string {
  const original = message.is_deleted ? undefined : message.reply_preview?.sender;
  const replying = original ? `, ${text.messageReplying(original.id === me ? text.you : displayName(original))}` : "";
  const reactions = message.reactions.map(({ emoji, count }) => (count > 1 ? `${emoji} ${count}` : emoji)).join(", ");
  const label = text.messageBy(name, `${formatDateTime(message.created_at)}${replying}`, messageText(message));
  return reactions ? `${label}; ${text.messageReactions(reactions)}` : label;
}

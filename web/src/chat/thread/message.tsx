// A message: who, what, when, what others made of it, and what one can do with it.

import { useRef } from "preact/hooks";
import { Avatar, nameOf } from "../../shared/avatar.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { clock, whole } from "../../shared/times.ts";
import { Attachments } from "./attachments.tsx";
import { useOpen } from "../conversation/conversation-context.ts";
import { MessageActions, useActions } from "./message-actions.tsx";
import { wordsOf } from "../conversation/conversation-text.ts";
import { Place, placeOf } from "./location-card.tsx";
import { Quote } from "./quote.tsx";
import { Reactions } from "./reactions.tsx";
import { SeenBy, readersOf } from "./seen-by.tsx";
import type { MessageRow } from "./thread-rows.ts";
import { Words } from "./message-text.tsx";

const JUMBO = /^(?:\p{Extended_Pictographic}\u{FE0F}?\s*){1,3}$/u;

export function Message({ row, isReachable }: { row: MessageRow; isReachable: boolean }) {
  const { message, isOwn, isFirst, isLast } = row;
  const { state, me } = useOpen();
  const element = useRef<HTMLDivElement>(null);
  const actions = useActions(message);
  const sender = message.sender;
  if (!sender) return null;
  const isGroup = state.conversation?.conversation_type !== "direct";
  const name = isOwn ? text.you : nameOf(sender);
  const place = placeOf(message);
  const isJumbo = !message.reply_preview && message.attachments.length === 0 && JUMBO.test(message.content ?? "");
  const isBare = message.attachments.length > 0 && !message.content && !message.reply_preview;
  const readers = isOwn ? readersOf(state, message, me) : [];
  const isSeen = isOwn && state.participants.some((one) => one.user.id !== me && one.last_read_seq >= message.seq);
  return (
    <div
      ref={element}
      class="message"
      role="article"
      data-message={message.id}
      data-own={isOwn}
      data-first={isFirst}
      data-last={isLast}
      tabIndex={isReachable ? 0 : -1}
      aria-label={text.messageBy(name, clock(message.created_at), wordsOf(message))}
      onKeyDown={(event) => event.target === element.current && actions.key(event)}
    >
      {!isOwn && isGroup && <span class="face">{isLast && <Avatar person={sender} size="small" />}</span>}
      <div class="column">
        {isFirst && !isOwn && isGroup && <span class="name" dir="auto">{name}</span>}
        <div class="with-actions">
          <div class="bubble" data-deleted={message.is_deleted} data-jumbo={isJumbo} data-bare={isBare}>
            {message.reply_preview && !message.is_deleted && <Quote preview={message.reply_preview} />}
            {message.attachments.length > 0 && <Attachments message={message} />}
            {place && <Place place={place} />}
            {message.is_deleted ? (
              <span class="words">{text.deleted}</span>
            ) : (
              message.content && <Words content={message.content} mentions={message.mentions} />
            )}
            <span class="meta" title={message.edited_at ? text.editedAt(whole(message.edited_at)) : whole(message.created_at)}>
              {message.is_edited && !message.is_deleted && <span>{text.edited}</span>}
              <time dateTime={message.created_at}>{clock(message.created_at)}</time>
              {isOwn && !message.is_deleted && (
                <span class="ticks" data-seen={isSeen}>
                  <Icon name={isSeen ? "checks" : "check"} />
                  <span class="only-read">{isSeen ? text.seen : text.sent}</span>
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

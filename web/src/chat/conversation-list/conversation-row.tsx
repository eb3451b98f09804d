import type { ConversationOut } from "@wasgo/chat";
import { Avatar } from "../../shared/avatar.tsx";
import { Badge, Count } from "../../shared/controls.tsx";
import { Icon, type IconName } from "../../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { formatDateTime, formatShortDate } from "../../shared/times.ts";
import { draftKey, drafts } from "../composer/drafts.ts";
import { conversationReference, conversationSummary, conversationTitle, counterpart } from "../conversation/conversation-text.ts";
import { useSession } from "../session.ts";

export function ConversationRow({ conversation, isOpen, isTabStop, isSearchResult, open }: {
  conversation: ConversationOut;
  isOpen: boolean;
  /** Search results mark archived conversations. */
  isSearchResult: boolean;
  /** One row of the list is reachable with Tab; arrow keys move from there. */
  isTabStop: boolean;
  open: (id: string) => void;
}) {
  const { user, chat, readingConversation, mutes } = useSession();
  const { presence } = useStore(chat.inbox);
  const { conversation_type: type, participants, last_message: last } = conversation;
  const unread = useStore(readingConversation) === conversation.id ? 0 : conversation.unread_count;
  const draft = useStore(drafts).get(draftKey(user.id, conversation.id))?.trim() ?? "";
  const isArchived = isSearchResult && conversation.is_archived;
  const isClosed = conversation.status === "closed";
  const isMuted = useStore(mutes).has(conversation.id);
  const { icon, tone } = CONVERSATION_TYPES[type];
  const other = counterpart(type, participants, user.id);
  const reference = conversationReference(conversation);
  return (
    <li>
      <button
        type="button"
        class="conversation-row"
        data-conversation={conversation.id}
        data-unread={unread > 0}
        tabIndex={isTabStop ? 0 : -1}
        aria-current={isOpen ? "true" : undefined}
        onClick={() => open(conversation.id)}
      >
        {other ? (
          <Avatar user={other.user} isOnline={presence.get(other.user.id)?.online ?? false} />
        ) : (
          <span class="type-icon" data-tone={tone}>
            <Icon name={icon} />
          </span>
        )}
        <span class="row-content">
          <span class="line">
            <span class="title" dir="auto">{conversationTitle(conversation, participants, user.id)}</span>
            {reference && (
              <span class="tags">
                <Badge tone={tone}>
                  <bdi>{reference}</bdi>
                </Badge>
              </span>
            )}
            {isClosed && <StatusMark icon="lock" label={CONVERSATION_STATUSES.closed.label} />}
            {isMuted && <StatusMark icon="bellOff" label={text.muted} />}
            {isArchived && <StatusMark icon="archive" label={text.archived} />}
            {last && (
              <time dateTime={last.created_at} title={formatDateTime(last.created_at)}>
                {formatShortDate(last.created_at)}
              </time>
            )}
          </span>
          <span class="line">
            {draft && !isOpen ? (
              <span class="summary draft" dir="auto">
                {text.draftPreview(draft)}
              </span>
            ) : (
              <span class="summary" dir="auto" data-deleted={last?.is_deleted}>
                {conversationSummary(conversation, user.id)}
              </span>
            )}
            <Count count={unread} label={text.unreadCount(unread)} />
          </span>
        </span>
      </button>
    </li>
  );
}

function StatusMark({ icon, label }: { icon: IconName; label: string }) {
  return (
    <Badge>
      <Icon name={icon} class="small" />
      <span class="visually-hidden">{label}</span>
    </Badge>
  );
}

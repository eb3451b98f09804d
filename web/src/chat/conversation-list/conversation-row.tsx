// One conversation in the list: who or what, the last message, when, and how much is unread.

import type { ConversationOut } from "@wasgo/chat";
import { Avatar } from "../../shared/avatar.tsx";
import { Badge, Count } from "../../shared/controls.tsx";
import { Icon, type IconName } from "../../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { text } from "../../shared/text.ts";
import { briefly, whole } from "../../shared/times.ts";
import { draftKey, drafts } from "../composer/drafts.ts";
import { counterpart, referenceOf, summaryOf, titleOf } from "../conversation/conversation-text.ts";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";

export function ConversationRow({ conversation, isOpen, isReachable, isFound, open }: {
  conversation: ConversationOut;
  isOpen: boolean;
  /** By a search, which says of the archived ones that they are. */
  isFound: boolean;
  /** Tab comes to one row of the list; arrow keys go on from there. */
  isReachable: boolean;
  open: (id: string) => void;
}) {
  const { user, chat, beingRead } = useSession();
  const { presence } = useStore(chat.inbox);
  const { conversation_type: kind, participants, last_message: last } = conversation;
  const unread = useStore(beingRead) === conversation.id ? 0 : conversation.unread_count;
  const draft = useStore(drafts).get(draftKey(user.id, conversation.id))?.trim() ?? "";
  const isArchived = isFound && conversation.is_archived;
  const isClosed = conversation.status === "closed";
  const { icon, tone } = CONVERSATION_TYPES[kind];
  const other = counterpart(kind, participants, user.id);
  const reference = referenceOf(conversation);
  return (
    <li>
      <button
        type="button"
        class="conversation-row"
        data-conversation={conversation.id}
        data-unread={unread > 0}
        tabIndex={isReachable ? 0 : -1}
        aria-current={isOpen ? "true" : undefined}
        onClick={() => open(conversation.id)}
      >
        {other ? (
          <Avatar person={other.user} isOnline={presence.get(other.user.id)?.online ?? false} />
        ) : (
          <span class="type-icon" data-tone={tone}>
            <Icon name={icon} />
          </span>
        )}
        <span class="what">
          <span class="line">
            <span class="title" dir="auto">{titleOf(conversation, participants, user.id)}</span>
            {reference && (
              <span class="tags">
                <Badge tone={tone}>
                  <bdi>{reference}</bdi>
                </Badge>
              </span>
            )}
            {isClosed && <Mark icon="lock" label={CONVERSATION_STATUSES.closed.label} />}
            {isArchived && <Mark icon="archive" label={text.archived} />}
            {last && (
              <time dateTime={last.created_at} title={whole(last.created_at)}>
                {briefly(last.created_at)}
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
                {summaryOf(conversation, user.id)}
              </span>
            )}
            <Count of={unread} label={text.unreadCount(unread)} />
          </span>
        </span>
      </button>
    </li>
  );
}

function Mark({ icon, label }: { icon: IconName; label: string }) {
  return (
    <Badge>
      <Icon name={icon} class="small" />
      <span class="only-read">{label}</span>
    </Badge>
  );
}

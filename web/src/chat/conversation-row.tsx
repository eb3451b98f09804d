// One conversation in the list: who or what, the last message, when, and how much is unread.

import type { ConversationOut } from "@wasgo/chat";
import { Avatar } from "../shared/avatar.tsx";
import { Badge, Count } from "../shared/controls.tsx";
import { Icon, type IconName } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { briefly, whole } from "../shared/times.ts";
import { type Kind, counterpart, referenceOf, summaryOf, titleOf } from "./naming.ts";
import { useSession } from "./session.ts";
import { useStore } from "./store.ts";

export const KIND_ICONS: Readonly<Record<Kind, IconName>> = {
  direct: "chat",
  job: "briefcase",
  bid: "tag",
  request: "search",
  support: "help",
  dispute: "scales",
};

export function ConversationRow({ conversation, isOpen, isReachable, open }: {
  conversation: ConversationOut;
  isOpen: boolean;
  /** Tab comes to one row of the list; arrow keys go on from there. */
  isReachable: boolean;
  open: (id: string) => void;
}) {
  const { user, chat } = useSession();
  const { presence } = useStore(chat.inbox);
  const { conversation_type: kind, participants, last_message: last, unread_count: unread } = conversation;
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
          <span class="kind-mark" data-tone={kind}>
            <Icon name={KIND_ICONS[kind]} />
          </span>
        )}
        <span class="what">
          <span class="line">
            <span class="title" dir="auto">{titleOf(conversation, participants, user.id)}</span>
            {last && (
              <time dateTime={last.created_at} title={whole(last.created_at)}>
                {briefly(last.created_at)}
              </time>
            )}
          </span>
          <span class="line">
            <span class="summary" dir="auto" data-deleted={last?.is_deleted}>
              {summaryOf(conversation, user.id)}
            </span>
            <Count of={unread} label={text.unreadCount(unread)} />
          </span>
          {(reference || conversation.status === "closed") && (
            <span class="line tags">
              {reference && <Badge tone={kind}>{reference}</Badge>}
              {conversation.status === "closed" && (
                <Badge>
                  <Icon name="lock" class="small" />
                  {text.closed}
                </Badge>
              )}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

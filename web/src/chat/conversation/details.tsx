// Beside a thread: what the conversation is about, who is in it as what, and what one may do with it.

import { result } from "@wasgo/chat";
import { updateConversation } from "@wasgo/chat/rest";
import { Avatar, nameOf } from "../../shared/avatar.tsx";
import { Badge, Button, IconButton } from "../../shared/controls.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { ROLES, isAtLeast } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";
import { useOpen } from "./conversation-context.ts";
import { referenceOf } from "./conversation-text.ts";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";
import { useAttempt } from "../ui/toast.tsx";
import { ConversationWishes } from "../notifications/conversation-preferences.tsx";

export function Details({ close }: { close: () => void }) {
  const { chat } = useSession();
  const { conversation: open, state, me, role } = useOpen();
  const attempt = useAttempt();
  const { presence, conversations } = useStore(chat.inbox);
  const { conversation, participants } = state;
  const isArchived = conversations.find((one) => one.id === open.id)?.is_archived ?? false;
  const isClosed = conversation?.status === "closed";
  const mayClose = isAtLeast(role, "moderator") && conversation?.conversation_type !== "direct";
  const reference = conversation && referenceOf(conversation);
  const setStatus = (status: "open" | "closed") =>
    attempt(result(updateConversation({ client: chat.client, path: { conversation_id: open.id }, body: { status } })), text.actionFailed.status);
  return (
    <aside class="details" aria-label={text.details}>
      <header>
        <h3>{text.details}</h3>
        <IconButton icon="close" label={text.close} onClick={close} />
      </header>
      {conversation && (
        <section>
          <h4>{text.about}</h4>
          <p class="facts">
            <Badge tone={CONVERSATION_TYPES[conversation.conversation_type].tone}>{reference ?? CONVERSATION_TYPES[conversation.conversation_type].label}</Badge>
            <Badge tone={CONVERSATION_STATUSES[conversation.status].tone}>{CONVERSATION_STATUSES[conversation.status].label}</Badge>
          </p>
        </section>
      )}
      <section>
        <h4>{text.members(participants.length)}</h4>
        <ul class="members">
          {participants.map(({ user, role: theirs }) => {
            const isOnline = user.id === me || (presence.get(user.id)?.online ?? false);
            return (
              <li key={user.id}>
                <Avatar person={user} size="small" isOnline={isOnline} />
                <span class="name">
                  <bdi>{nameOf(user)}</bdi>
                  {user.id === me && <span class="soft"> ({text.you})</span>}
                  <span class="only-read">{isOnline ? text.online : text.offline}</span>
                </span>
                <Badge>{ROLES[theirs].label}</Badge>
              </li>
            );
          })}
        </ul>
      </section>
      <ConversationWishes />
      <section class="acts">
        <Button icon="archive" onClick={() => attempt(chat.inbox.archive(open.id, !isArchived), isArchived ? text.actionFailed.unarchive : text.actionFailed.archive)}>
          {isArchived ? text.unarchive : text.archive}
        </Button>
        {mayClose && (
          <Button icon="lock" kind={isClosed ? "quiet" : "danger"} onClick={() => setStatus(isClosed ? "open" : "closed")}>
            {isClosed ? text.reopenConversation : text.closeConversation}
          </Button>
        )}
      </section>
    </aside>
  );
}

// Beside a thread: what the conversation is about, who is in it as what, and what one may do with it.

import { result } from "@wasgo/chat";
import { updateConversation } from "@wasgo/chat/rest";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Badge, Button, IconButton } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { useOpen } from "./conversation-context.ts";
import { atLeast, referenceOf } from "./naming.ts";
import { useSession } from "./session.ts";
import { useStore } from "./store.ts";
import { useAttempt } from "./toast.tsx";
import { ConversationWishes } from "./wishes.tsx";

export function Details({ close }: { close: () => void }) {
  const { chat } = useSession();
  const { conversation: open, state, me, role } = useOpen();
  const attempt = useAttempt();
  const { presence, conversations } = useStore(chat.inbox);
  const { conversation, participants } = state;
  const isArchived = conversations.find((one) => one.id === open.id)?.is_archived ?? false;
  const isClosed = conversation?.status === "closed";
  const mayClose = atLeast(role, "moderator") && conversation?.conversation_type !== "direct";
  const reference = conversation && referenceOf(conversation);
  const setStatus = (status: "open" | "closed") =>
    attempt(result(updateConversation({ client: chat.client, path: { conversation_id: open.id }, body: { status } })), text.notDone.status);
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
            <Badge tone={conversation.conversation_type}>{reference ?? text.type[conversation.conversation_type]}</Badge>
            <Badge tone={isClosed ? "" : "ok"}>{text.status[conversation.status]}</Badge>
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
                <Badge>{text.role[theirs]}</Badge>
              </li>
            );
          })}
        </ul>
      </section>
      <ConversationWishes />
      <section class="acts">
        <Button icon="archive" onClick={() => attempt(chat.inbox.archive(open.id, !isArchived), text.notDone.archive)}>
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

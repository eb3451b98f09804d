// Above a thread: what it is, who is there, who types.

import { Avatar, firstNameOf } from "../../shared/avatar.tsx";
import { Badge, IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { text } from "../../shared/text.ts";
import { briefly } from "../../shared/times.ts";
import { useOpen } from "./conversation-context.ts";
import { counterpart, referenceOf, titleOf } from "./conversation-text.ts";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";

export function ConversationHeader({ back, isAsked, ask }: { back: () => void; isAsked: boolean; ask: () => void }) {
  const { state, me } = useOpen();
  const { chat, user } = useSession();
  const { presence } = useStore(chat.inbox);
  const { conversation, participants, typing } = state;
  const kind = conversation?.conversation_type ?? "direct";
  const { icon, tone } = CONVERSATION_TYPES[kind];
  const other = counterpart(kind, participants, me);
  const there = other && presence.get(other.user.id);
  const online = participants.filter((one) => one.user.id !== me && presence.get(one.user.id)?.online).length;
  const names = typing.map((username) => {
    const found = participants.find((one) => one.user.username === username);
    return found ? firstNameOf(found.user) : username;
  });
  const reference = conversation && referenceOf(conversation);
  const beside = () => {
    if (!other) return text.membersOnline(participants.length, online);
    if (there?.online) return text.online;
    return there?.last_seen ? text.lastSeen(briefly(there.last_seen)) : text.offline;
  };
  return (
    <header class="bar chat-bar">
      <IconButton icon="back" label={text.backToAll} class="back" onClick={back} />
      {other ? (
        <Avatar person={other.user} isOnline={there?.online ?? false} />
      ) : (
        <span class="type-icon" data-tone={tone}>
          <Icon name={icon} />
        </span>
      )}
      <div class="names">
        <div class="line">
          <h2 dir="auto" tabIndex={-1}>{conversation ? titleOf(conversation, participants, me) : text.loading}</h2>
          {conversation?.status === "closed" && <Badge>{CONVERSATION_STATUSES.closed.label}</Badge>}
          {reference && (
            <span class="tags">
              <Badge tone={tone}>
                <bdi>{reference}</bdi>
              </Badge>
            </span>
          )}
        </div>
        <p class="beside" aria-live="polite">
          {names.length > 0 ? (
            <span class="typing-note">
              <bdi>{text.typing(names)}</bdi>
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
            </span>
          ) : (
            conversation && beside()
          )}
        </p>
      </div>
      <span class="myself" title={text.paneOf(user.display_name)}>
        <Avatar person={user} size="small" />
      </span>
      <IconButton icon="people" label={text.details} aria-expanded={isAsked} onClick={ask} />
    </header>
  );
}

// The header of a conversation: title, reference, presence and typing indicator.

import { Avatar, shortNames } from "../../shared/avatar.tsx";
import { Badge, IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { formatShortDate } from "../../shared/times.ts";
import { useSession } from "../session.ts";
import { useOpenConversation } from "./conversation-context.ts";
import { conversationReference, conversationTitle, counterpart } from "./conversation-text.ts";

export function ConversationHeader({ id, back, isDetailsOpen, toggleDetails }: { id: string; back: () => void; isDetailsOpen: boolean; toggleDetails: () => void }) {
  const { state, me } = useOpenConversation();
  const { chat, user, mutes } = useSession();
  const isMuted = useStore(mutes).has(id);
  const { presence, conversations } = useStore(chat.inbox);
  // Until the conversation is loaded, as while offline, the list knows most of it.
  const listed = conversations.find((one) => one.id === id);
  const conversation = state.conversation ?? listed;
  const participants = state.conversation ? state.participants : (listed?.participants ?? []);
  const type = conversation?.conversation_type ?? "direct";
  const { icon, tone } = CONVERSATION_TYPES[type];
  const other = counterpart(type, participants, me);
  const otherPresence = other && presence.get(other.user.id);
  const online = participants.filter((participant) => participant.user.id !== me && presence.get(participant.user.id)?.online).length;
  const typing = state.typing.map((username) => participants.find(({ user }) => user.username === username)?.user ?? { username, display_name: null });
  const names = shortNames(typing);
  const reference = conversation && conversationReference(conversation);
  const subtitle = () => {
    if (!other) return text.membersOnline(state.conversation ? participants.length : (listed?.participant_count ?? 0), online);
    if (otherPresence?.online) return text.online;
    return otherPresence?.last_seen ? text.lastSeen(formatShortDate(otherPresence.last_seen)) : text.offline;
  };
  return (
    <header class="bar chat-bar">
      <IconButton icon="back" label={text.backToAll} class="back" onClick={back} />
      {other ? (
        <Avatar user={other.user} isOnline={otherPresence?.online ?? false} />
      ) : (
        <span class="type-icon" data-tone={tone}>
          <Icon name={icon} />
        </span>
      )}
      <div class="names">
        <div class="line">
          <h2 dir="auto" tabIndex={-1}>{conversation ? conversationTitle(conversation, participants, me) : text.loading}</h2>
          {conversation?.status === "closed" && <Badge>{CONVERSATION_STATUSES.closed.label}</Badge>}
          {isMuted && (
            <Badge>
              <Icon name="bellOff" class="small" />
              <span class="visually-hidden">{text.muted}</span>
            </Badge>
          )}
          {reference && (
            <span class="tags">
              <Badge tone={tone}>
                <bdi>{reference}</bdi>
              </Badge>
            </span>
          )}
        </div>
        <p class="subtitle" aria-live="polite">
          {names.length > 0 ? (
            <span class="typing">
              <bdi>{text.typing(names)}</bdi>
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
            </span>
          ) : (
            conversation && subtitle()
          )}
        </p>
      </div>
      <span class="current-user" title={text.paneOf(user.display_name)}>
        <Avatar user={user} size="small" />
      </span>
      <IconButton icon="people" label={text.details} aria-expanded={isDetailsOpen} onClick={toggleDetails} />
    </header>
  );
}

// One conversation: its properties, messages (messages.tsx), and members with their roles.

import { unwrap } from "@wasgo/chat";
import { type InspectedConversationDetail, inspectConversation } from "@wasgo/chat/rest";
import { Avatar, displayName } from "../shared/avatar.tsx";
import { Badge } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../shared/labels/conversation-types.ts";
import { formatDateTime } from "../shared/times.ts";
import { useAsync } from "../shared/use-async.ts";
import { inspectedTitle } from "./conversation-title.ts";
import { MessageList } from "./messages.tsx";
import { LoadState, RoleBadge } from "./operator-controls.tsx";
import { hrefTo, useRoute } from "./router.ts";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";

export function ConversationPane({ id }: { id: string }) {
  const client = useClient();
  const { tab } = useRoute();
  const loaded = useAsync(`conversation ${id}`, () => unwrap(inspectConversation({ client, path: { conversation_id: id } })));
  const route = { section: "conversations", conversation: id } as const;
  return (
    <section class="pane conversation" aria-labelledby="conversation-title">
      <header class="pane-top">
        <a class="icon-button back" href={hrefTo({ section: "conversations" })} aria-label={operatorText.back} title={operatorText.back}><Icon name="back" /></a>
        <div class="heading">
          <h2 id="conversation-title" dir="auto">{loaded.data ? inspectedTitle(loaded.data) : " "}</h2>
          {loaded.data && <ConversationFacts conversation={loaded.data} />}
        </div>
      </header>
      <nav class="tabs" aria-label={operatorText.conversationTabs}>
        <a href={hrefTo(route)} {...(tab ? {} : { "aria-current": "true" as const })}>{operatorText.messages}</a>
        <a href={hrefTo({ ...route, tab: "members" })} {...(tab ? { "aria-current": "true" as const } : {})}>{operatorText.members}</a>
      </nav>
      {loaded.data && !tab ? (
        <MessageList conversation={loaded.data} />
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={tab ? operatorText.members : operatorText.messages}>
          <LoadState state={loaded} />
          {loaded.data && <Members conversation={loaded.data} />}
        </div>
      )}
    </section>
  );
}

function ConversationFacts({ conversation }: { conversation: InspectedConversationDetail }) {
  return (
    <p class="line badges">
      <Badge tone={CONVERSATION_TYPES[conversation.conversation_type].tone}>{CONVERSATION_TYPES[conversation.conversation_type].label}</Badge>
      <Badge tone={CONVERSATION_STATUSES[conversation.status].tone}>{CONVERSATION_STATUSES[conversation.status].label}</Badge>
      {conversation.reference && <span class="reference soft" dir="auto">{operatorText.reference(conversation.reference.type, conversation.reference.id)}</span>}
      <time class="soft" dateTime={conversation.created_at}>{operatorText.createdAt(formatDateTime(conversation.created_at))}</time>
    </p>
  );
}

function Members({ conversation }: { conversation: InspectedConversationDetail }) {
  return (
    <ul class="members">
      {conversation.participants.map((participant) => (
        <li key={participant.user.id} class={participant.left_at ? "left" : ""}>
          <Avatar user={participant.user} />
          <span class="body">
            <span class="line">
              <strong class="name" dir="auto">{displayName(participant.user)}</strong>
              <RoleBadge role={participant.role} />
            </span>
            <span class="soft code" dir="auto">{participant.user.id}</span>
            <span class="soft">
              {operatorText.joined(formatDateTime(participant.joined_at))} · {participant.left_at ? operatorText.left(formatDateTime(participant.left_at)) : operatorText.readUpTo(participant.last_read_seq)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

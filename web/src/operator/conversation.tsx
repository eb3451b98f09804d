// One conversation: what it is about, its messages (messages.tsx), its members and their roles.

import { result } from "@wasgo/chat";
import { type InspectedConversationDetail, inspectConversation } from "@wasgo/chat/rest";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Badge } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { CONVERSATION_STATUSES } from "../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../shared/labels/conversation-types.ts";
import { whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./router.ts";
import { titleOf } from "./conversations.tsx";
import { MessageList } from "./messages.tsx";
import { RoleBadge, Waiting } from "./operator-controls.tsx";
import { useClient, useLoad } from "./session.ts";
import { operatorText } from "./text.ts";

export function ConversationPane({ id }: { id: string }) {
  const client = useClient();
  const { part } = usePlace();
  const loaded = useLoad(`conversation ${id}`, () => result(inspectConversation({ client, path: { conversation_id: id } })));
  const here = { section: "conversations", conversation: id } as const;
  return (
    <section class="pane conversation" aria-labelledby="conversation-title">
      <header class="pane-top">
        <a class="icon-button back" href={addressOf({ section: "conversations" })} aria-label={operatorText.back} title={operatorText.back}><Icon name="back" /></a>
        <div class="heading">
          <h2 id="conversation-title" dir="auto">{loaded.data ? titleOf(loaded.data) : " "}</h2>
          {loaded.data && <Facts of={loaded.data} />}
        </div>
      </header>
      <nav class="tabs" aria-label={operatorText.conversationTabs}>
        <a href={addressOf(here)} {...(part ? {} : { "aria-current": "true" as const })}>{operatorText.messages}</a>
        <a href={addressOf({ ...here, part: "members" })} {...(part ? { "aria-current": "true" as const } : {})}>{operatorText.members}</a>
      </nav>
      {loaded.data && !part ? (
        <MessageList of={loaded.data} />
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={part ? operatorText.members : operatorText.messages}>
          <Waiting of={loaded} />
          {loaded.data && <Members of={loaded.data} />}
        </div>
      )}
    </section>
  );
}

function Facts({ of }: { of: InspectedConversationDetail }) {
  return (
    <p class="line marks">
      <Badge tone={CONVERSATION_TYPES[of.conversation_type].tone}>{CONVERSATION_TYPES[of.conversation_type].label}</Badge>
      <Badge tone={CONVERSATION_STATUSES[of.status].tone}>{CONVERSATION_STATUSES[of.status].label}</Badge>
      {of.reference && <span class="reference soft" dir="auto">{operatorText.reference(of.reference.type, of.reference.id)}</span>}
      <time class="soft" dateTime={of.created_at}>{operatorText.createdAt(whole(of.created_at))}</time>
    </p>
  );
}

function Members({ of }: { of: InspectedConversationDetail }) {
  return (
    <ul class="members">
      {of.participants.map((one) => (
        <li key={one.user.id} class={one.left_at ? "gone" : ""}>
          <Avatar person={one.user} />
          <span class="body">
            <span class="line">
              <strong class="name" dir="auto">{nameOf(one.user)}</strong>
              <RoleBadge of={one.role} />
            </span>
            <span class="soft code" dir="auto">{one.user.id}</span>
            <span class="soft">
              {operatorText.joined(whole(one.joined_at))} · {one.left_at ? operatorText.left(whole(one.left_at)) : operatorText.readUpTo(one.last_read_seq)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

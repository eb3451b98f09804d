// One conversation: what it is about, its messages (messages.tsx), its members and their roles.

import { result } from "@wasgo/chat";
import { type InspectedConversationDetail, inspectConversation } from "@wasgo/chat/rest";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Badge } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { whole } from "../shared/times.ts";
import { addressOf, usePlace } from "./address.ts";
import { titleOf } from "./conversations.tsx";
import { MessageList } from "./messages.tsx";
import { RoleBadge, Waiting } from "./parts.tsx";
import { useClient, useLoad } from "./session.ts";
import { words } from "./text.ts";

export function ConversationPane({ id }: { id: string }) {
  const client = useClient();
  const { part } = usePlace();
  const loaded = useLoad(`conversation ${id}`, () => result(inspectConversation({ client, path: { conversation_id: id } })));
  const here = { section: "conversations", conversation: id } as const;
  return (
    <section class="pane conversation" aria-labelledby="conversation-title">
      <header class="pane-top">
        <a class="icon-button back" href={addressOf({ section: "conversations" })} aria-label={words.back} title={words.back}><Icon name="back" /></a>
        <div class="heading">
          <h2 id="conversation-title" dir="auto">{loaded.data ? titleOf(loaded.data) : " "}</h2>
          {loaded.data && <Facts of={loaded.data} />}
        </div>
      </header>
      <nav class="tabs" aria-label={words.conversationParts}>
        <a href={addressOf(here)} {...(part ? {} : { "aria-current": "true" as const })}>{words.messages}</a>
        <a href={addressOf({ ...here, part: "members" })} {...(part ? { "aria-current": "true" as const } : {})}>{words.members}</a>
      </nav>
      {loaded.data && !part ? (
        <MessageList of={loaded.data} />
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={part ? words.members : words.messages}>
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
      <Badge tone={of.conversation_type}>{words.types[of.conversation_type]}</Badge>
      <Badge tone={of.status === "open" ? "ok" : ""}>{of.status === "open" ? words.open : words.closed}</Badge>
      {of.reference && <span class="reference soft" dir="auto">{words.referenceOf(of.reference.type, of.reference.id)}</span>}
      <time class="soft" dateTime={of.created_at}>{words.createdAt(whole(of.created_at))}</time>
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
              {words.joined(whole(one.joined_at))} · {one.left_at ? words.left(whole(one.left_at)) : words.readUpTo(one.last_read_seq)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

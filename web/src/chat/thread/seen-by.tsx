// Who has read how far: small faces under the last of one's own messages that each has seen.

import type { ConversationState, MessageOut, ParticipantOut } from "@wasgo/chat";
import { Avatar, firstNameOf } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";

const MOST_FACES = 5;

/** Those for whom this is the last of one's own messages that they have read. */
export function readersOf(state: ConversationState, message: MessageOut, me: string): readonly ParticipantOut[] {
  const next = state.messages.find((one) => one.seq > message.seq && one.sender?.id === me && !one.is_deleted);
  return state.participants.filter(
    ({ user, last_read_seq: read }) => user.id !== me && read >= message.seq && (next === undefined || read < next.seq),
  );
}

export function SeenBy({ readers }: { readers: readonly ParticipantOut[] }) {
  const label = text.seenBy(readers.map((one) => firstNameOf(one.user)));
  return (
    <span class="seen-by" title={label}>
      <span class="only-read">{label}</span>
      {readers.slice(0, MOST_FACES).map(({ user }) => (
        <Avatar key={user.id} person={user} size="tiny" />
      ))}
      {readers.length > MOST_FACES && (
        <span class="more" aria-hidden="true">
          +{readers.length - MOST_FACES}
        </span>
      )}
    </span>
  );
}

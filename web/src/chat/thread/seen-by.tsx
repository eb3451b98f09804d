// Read receipts: small avatars below the user's last message that each reader has seen.

import type { ConversationState, MessageOut, ParticipantOut } from "@wasgo/chat";
import { Avatar, shortNames } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";

const MAX_AVATARS = 5;

/** The participants for whom this is the last message by `me` that they have read. */
export function lastReaders(state: ConversationState, message: MessageOut, me: string): readonly ParticipantOut[] {
  if (message.is_deleted) return [];
  const next = state.messages.find((one) => one.seq > message.seq && one.sender?.id === me && !one.is_deleted);
  return state.participants.filter(
    ({ user, last_read_seq: read }) => user.id !== me && read >= message.seq && (next === undefined || read < next.seq),
  );
}

export function SeenBy({ readers }: { readers: readonly ParticipantOut[] }) {
  const label = text.seenBy(shortNames(readers.map((participant) => participant.user)));
  return (
    <span class="seen-by" title={label}>
      <span class="visually-hidden">{label}</span>
      {readers.slice(0, MAX_AVATARS).map(({ user }) => (
        <Avatar key={user.id} user={user} size="tiny" />
      ))}
      {readers.length > MAX_AVATARS && (
        <span class="more" aria-hidden="true">
          +{readers.length - MAX_AVATARS}
        </span>
      )}
    </span>
  );
}

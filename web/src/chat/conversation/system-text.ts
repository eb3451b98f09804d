// The text of a system message in the language of the user, by `metadata.action`. Only the actions of the service itself are
// known here; messages of the platform have their own text.

import type { MessageOut, ParticipantOut } from "@wasgo/chat";
import { displayName } from "../../shared/avatar.tsx";
import { ROLES, type Role } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";

type SystemMessage = Pick<MessageOut, "content" | "metadata" | "message_type">;

/** How the service's own English texts end, after the name. For users who are no participants the name is known only from it. */
const ENGLISH_ENDING = / (?:joined|left|was removed|is now \w+|is now in charge)$/;

export function systemText(message: SystemMessage, participants: readonly ParticipantOut[]): string {
  const content = message.content ?? "";
  if (message.message_type !== "system") return content;
  const { action, user_id, by, role } = message.metadata;
  if (action === "conversation_closed" || action === "conversation_reopened") return text.system[action];
  const user = participants.find((participant) => participant.user.id === user_id)?.user;
  // The ending tells the service's own messages from those of a platform that uses the same action.
  if (!ENGLISH_ENDING.test(content)) return content;
  const name = user ? displayName(user) : content.replace(ENGLISH_ENDING, "");
  switch (action) {
    case "participant_added":
      return text.system.participant_added(name);
    case "participant_removed":
      return by === user_id ? text.system.participant_left(name) : text.system.participant_removed(name);
    case "participant_updated":
      return text.system.participant_updated(name, ROLES[role as Role]?.label ?? String(role));
    case "assigned":
      return text.system.assigned(name);
    default:
      return content;
  }
}

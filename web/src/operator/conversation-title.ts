import type { InspectedConversation } from "@wasgo/chat/rest";
import { displayName } from "../shared/avatar.tsx";
import { operatorText } from "./text.ts";

export function inspectedTitle(conversation: Pick<InspectedConversation, "title" | "people" | "conversation_type">): string {
  if (conversation.title) return conversation.title;
  const names = conversation.people.slice(0, 2).map(displayName);
  return conversation.conversation_type === "direct" && names.length ? names.join(" · ") : operatorText.untitled;
}

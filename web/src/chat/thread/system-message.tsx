// A message written by the service: who joined, what changed.

import type { MessageOut } from "@wasgo/chat";
import { formatDateTime } from "../../shared/times.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { systemText } from "../conversation/system-text.ts";

export function SystemMessage({ message }: { message: MessageOut }) {
  const { state } = useOpenConversation();
  return (
    <p class="system" title={formatDateTime(message.created_at)}>
      <span dir="auto">{systemText(message, state.participants)}</span>
    </p>
  );
}

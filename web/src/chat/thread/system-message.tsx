// A message written by the service: who joined, what changed.

import type { MessageOut } from "@wasgo/chat";
import { formatDateTime } from "../../shared/times.ts";

export function SystemMessage({ message }: { message: MessageOut }) {
  return (
    <p class="system" title={formatDateTime(message.created_at)}>
      <span dir="auto">{message.content}</span>
    </p>
  );
}

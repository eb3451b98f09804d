// What the service itself says: who joined, what changed.

import type { MessageOut } from "@wasgo/chat";
import { whole } from "../../shared/times.ts";

export function SystemMessage({ message }: { message: MessageOut }) {
  return (
    <p class="system" title={whole(message.created_at)}>
      <span dir="auto">{message.content}</span>
    </p>
  );
}

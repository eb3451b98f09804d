// The reactions to a message. The user's own are highlighted; pressing one again removes it.

import type { MessageOut } from "@wasgo/chat";
import { text } from "../../shared/text.ts";
import { memberName, useOpenConversation } from "../conversation/conversation-context.ts";
import { useActionWithToast } from "../ui/toast.tsx";

export function Reactions({ message }: { message: MessageOut }) {
  const { conversation, state, me, canWrite } = useOpenConversation();
  const run = useActionWithToast();
  return (
    <ul class="reactions" aria-label={text.reactions}>
      {message.reactions.map(({ emoji, count, user_ids }) => {
        const isMine = user_ids.includes(me);
        const label = text.reactionBy(emoji, user_ids.map((id) => memberName(state.participants, id, me)));
        return (
          <li key={emoji}>
            <button
              type="button"
              class="reaction"
              aria-pressed={isMine}
              aria-label={label}
              title={label}
              disabled={!canWrite}
              onClick={() => run(conversation.react(message.id, emoji, isMine ? "remove" : "add"), text.actionFailed.react)}
            >
              <span>{emoji}</span>
              {count > 1 && <span class="number">{count}</span>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

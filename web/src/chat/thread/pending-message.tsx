// The user's message while it is being sent, or after that failed, with the reason and buttons to retry or discard.

import type { PendingMessage as Pending } from "@wasgo/chat";
import { Button } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { MESSAGE_TYPES } from "../../shared/labels/message-types.ts";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";

export function PendingMessage({ pending, isFirst }: { pending: Pending; isFirst: boolean }) {
  const { conversation } = useOpenConversation();
  const { draft, failed, clientId } = pending;
  const files = draft.attachment_ids?.length ?? 0;
  return (
    <div class="message" data-own="true" data-first={isFirst} data-last="true">
      <div class="column">
        <div class="bubble" data-pending={failed === undefined} data-failed={failed !== undefined}>
          {files > 0 && (
            <span class="files-note">
              <Icon name="attach" />
              {files}
            </span>
          )}
          <span class="message-text" dir="auto">
            {draft.content || MESSAGE_TYPES[draft.message_type ?? "file"]}
          </span>
          <span class="meta">
            {failed === undefined && (
              <>
                <Icon name="clock" />
                <span class="visually-hidden">{text.sending}</span>
              </>
            )}
          </span>
        </div>
        {failed !== undefined && (
          <p class="failed" role="alert">
            <span>
              {text.notSent}. {text.errors[failed] ?? text.unknownError}
            </span>
            <Button kind="plain" onClick={() => void conversation.retry(clientId).catch(() => {})}>
              {text.retry}
            </Button>
            <Button kind="plain" onClick={() => conversation.discard(clientId)}>
              {text.discard}
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}

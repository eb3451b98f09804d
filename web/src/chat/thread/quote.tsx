// A preview of the message that was replied to; clicking it goes there.

import type { ReplyPreview } from "@wasgo/chat";
import { displayName } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { messageText } from "../conversation/conversation-text.ts";

export function Quote({ preview }: { preview: ReplyPreview }) {
  const { me, reveal } = useOpenConversation();
  const name = preview.sender?.id === me ? text.you : preview.sender ? displayName(preview.sender) : "";
  return (
    <button type="button" class="quote" onClick={() => reveal(preview.id)}>
      <span class="visually-hidden">{text.goToOriginal} </span>
      <span class="name" dir="auto">{name}</span>{" "}
      <span class="summary" dir="auto" data-deleted={preview.is_deleted}>
        {messageText(preview)}
      </span>
    </button>
  );
}

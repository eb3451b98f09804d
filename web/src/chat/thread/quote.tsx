// The message that another answers, in short; it leads there.

import type { ReplyPreview } from "@wasgo/chat";
import { nameOf } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { wordsOf } from "../conversation/conversation-text.ts";

export function Quote({ preview }: { preview: ReplyPreview }) {
  const { me, reveal } = useOpen();
  const name = preview.sender?.id === me ? text.you : preview.sender ? nameOf(preview.sender) : "";
  return (
    <button type="button" class="quote" aria-label={text.goToOriginal(name)} onClick={() => reveal(preview.id)}>
      <span class="name" dir="auto">{name}</span>
      <span class="summary" dir="auto" data-deleted={preview.is_deleted}>
        {wordsOf(preview)}
      </span>
    </button>
  );
}

// A picture as large as the window takes it, and the way to the others of the conversation.

import { useState } from "preact/hooks";
import { nameOf } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { whole } from "../shared/times.ts";
import { isPicture } from "./attachments.tsx";
import { useOpen } from "./conversation-context.ts";
import { Dialog } from "./dialog.tsx";

export function Viewer({ attachmentId, close }: { attachmentId: string; close: () => void }) {
  const { state } = useOpen();
  const [shown, show] = useState(attachmentId);
  const pictures = state.messages.flatMap((message) => message.attachments.filter(isPicture).map((file) => ({ file, message })));
  const at = pictures.findIndex((one) => one.file.id === shown);
  const here = pictures[at];
  if (!here) return null;
  const go = (step: number) => show(pictures[at + step]?.file.id ?? shown);
  const { file, message } = here;
  return (
    <Dialog
      title={file.filename}
      close={close}
      kind="viewer"
      tools={
        <a class="icon-button" href={file.url} download={file.filename} aria-label={text.download(file.filename)}>
          <Icon name="download" />
        </a>
      }
    >
      <figure onKeyDown={(event) => (event.key === "ArrowLeft" ? go(-1) : event.key === "ArrowRight" && go(1))}>
        {at > 0 && <IconButton icon="back" label={text.previous} class="earlier" onClick={() => go(-1)} />}
        <img src={file.url} alt={file.filename} />
        {at < pictures.length - 1 && <IconButton icon="forward" label={text.next} class="later" onClick={() => go(1)} />}
        <figcaption>
          {message.sender && nameOf(message.sender)} · {whole(message.created_at)}
        </figcaption>
      </figure>
    </Dialog>
  );
}

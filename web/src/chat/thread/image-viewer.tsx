// A picture as large as the window takes it, and the way to the others of the conversation.

import type { AttachmentOut } from "@wasgo/chat";
import { useEffect, useState } from "preact/hooks";
import { nameOf } from "../../shared/avatar.tsx";
import { Button, IconButton, Spinner } from "../../shared/controls.tsx";
import { isMirrored } from "../../shared/direction.ts";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { whole } from "../../shared/times.ts";
import { isPicture, useDownload } from "./attachments.tsx";
import { useOpen } from "../conversation/conversation-context.ts";
import { Dialog } from "../ui/dialog.tsx";

export function Viewer({ attachmentId, close }: { attachmentId: string; close: () => void }) {
  const { state } = useOpen();
  const [shown, show] = useState(attachmentId);
  const download = useDownload();
  const pictures = state.messages.flatMap((message) => message.attachments.filter(isPicture).map((file) => ({ file, message })));
  const at = pictures.findIndex((one) => one.file.id === shown);
  const here = pictures[at];
  // Its message may be deleted while one looks.
  useEffect(() => {
    if (!here) close();
  }, [here === undefined]);
  if (!here) return null;
  const go = (step: number) => show(pictures[at + step]?.file.id ?? shown);
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) go(isMirrored() ? -step : step);
  };
  const { file, message } = here;
  return (
    <Dialog
      title={file.filename}
      close={close}
      kind="viewer"
      keys={keys}
      tools={
        <a class="icon-button" href={file.url} download={file.filename} aria-label={text.download(file.filename)} onClick={(event) => download(event, message.id, file)}>
          <Icon name="download" />
        </a>
      }
    >
      <figure>
        {at > 0 && <IconButton icon="back" label={text.previous} class="earlier" onClick={() => go(-1)} />}
        <Picture key={file.id} file={file} messageId={message.id} />
        {at < pictures.length - 1 && <IconButton icon="forward" label={text.next} class="later" onClick={() => go(1)} />}
        <figcaption>
          {message.sender && <bdi>{nameOf(message.sender)}</bdi>} · {whole(message.created_at)}
        </figcaption>
      </figure>
    </Dialog>
  );
}

/** Its link may have ended since the message was loaded: then it is asked for once more, with a new one. */
function Picture({ file, messageId }: { file: AttachmentOut; messageId: string }) {
  const { conversation } = useOpen();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const again = async () => {
    setState("loading");
    await conversation.refresh(messageId).then(
      () => setAttempt((before) => before + 1),
      () => setState("failed"),
    );
  };
  const failed = () => {
    if (attempt === 0) void again();
    else setState("failed");
  };
  return (
    <div class="shown" data-state={state}>
      {state === "loading" && <Spinner label={text.loading} />}
      {state === "failed" ? (
        <div role="alert" class="not-shown">
          <Icon name="warn" />
          <p>{text.imageFailed}</p>
          <Button icon="retry" onClick={() => void again()}>
            {text.retry}
          </Button>
        </div>
      ) : (
        <img key={attempt} src={file.url} alt={file.filename} onLoad={() => setState("shown")} onError={failed} />
      )}
    </div>
  );
}

// An image in full size, with buttons and keys for the previous and next one of the conversation.

import type { AttachmentOut } from "@wasgo/chat";
import { useEffect, useState } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import { Button, IconButton, Spinner } from "../../shared/controls.tsx";
import { isRightToLeft } from "../../shared/direction.ts";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { formatDateTime } from "../../shared/times.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { Dialog } from "../ui/dialog.tsx";
import { imageUrl, isImage, useDownload } from "./attachments.tsx";

export function ImageViewer({ attachmentId, close }: { attachmentId: string; close: () => void }) {
  const { state } = useOpenConversation();
  const [shownId, setShownId] = useState(attachmentId);
  const [isZoomed, setIsZoomed] = useState(false);
  const download = useDownload();
  const images = state.messages.flatMap((message) => message.attachments.filter(isImage).map((file) => ({ file, message })));
  const at = images.findIndex((one) => one.file.id === shownId);
  const current = images[at];
  // The message may be deleted while its image is shown.
  useEffect(() => {
    if (!current) close();
  }, [current === undefined]);
  if (!current) return null;
  const step = (offset: number) => {
    setIsZoomed(false);
    setShownId(images[at + offset]?.file.id ?? shownId);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const offset = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (offset !== undefined) step(isRightToLeft() ? -offset : offset);
    else if (event.key === "+" || event.key === "-") setIsZoomed(event.key === "+");
  };
  const { file, message } = current;
  return (
    <Dialog
      title={file.filename}
      close={close}
      kind="viewer"
      onKeyDown={onKeyDown}
      tools={
        <>
          <IconButton icon={isZoomed ? "minus" : "plus"} label={isZoomed ? text.zoomOut : text.zoomIn} aria-pressed={isZoomed} onClick={() => setIsZoomed(!isZoomed)} />
          <a class="icon-button" href={file.url} download={file.filename} aria-label={text.download(file.filename)} onClick={(event) => download(event, message.id, file)}>
            <Icon name="download" />
          </a>
        </>
      }
    >
      <figure>
        {at > 0 && <IconButton icon="back" label={text.previous} onClick={() => step(-1)} />}
        <FullImage key={file.id} file={file} messageId={message.id} isZoomed={isZoomed} />
        {at < images.length - 1 && <IconButton icon="forward" label={text.next} class="next" onClick={() => step(1)} />}
        <figcaption>
          {message.sender && <bdi>{displayName(message.sender)}</bdi>} · {formatDateTime(message.created_at)}
          {images.length > 1 && ` · ${text.imagePosition(at + 1, images.length)}`}
        </figcaption>
      </figure>
    </Dialog>
  );
}

/** The signed URL may have expired since the message was loaded: the first failure reloads it with a new URL. */
function FullImage({ file, messageId, isZoomed }: { file: AttachmentOut; messageId: string; isZoomed: boolean }) {
  const { conversation } = useOpenConversation();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const reload = async () => {
    setState("loading");
    await conversation.refresh(messageId).then(
      () => setAttempt((before) => before + 1),
      () => setState("failed"),
    );
  };
  const onError = () => {
    if (attempt === 0) void reload();
    else setState("failed");
  };
  return (
    <div class="full-image" data-state={state} data-zoomed={isZoomed}>
      {state === "loading" && <Spinner label={text.loading} />}
      {state === "failed" ? (
        <div role="alert" class="image-failed">
          <Icon name="warn" />
          <p>{text.imageFailed}</p>
          <Button icon="retry" onClick={() => void reload()}>
            {text.retry}
          </Button>
        </div>
      ) : (
        <img key={attempt} src={imageUrl(file)} alt={file.filename} onLoad={() => setState("shown")} onError={onError} />
      )}
    </div>
  );
}

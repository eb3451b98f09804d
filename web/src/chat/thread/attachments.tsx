// The files of a message: pictures as thumbnails, sound and film with their controls, the rest to be saved.

import { type AttachmentOut, ChatError, type MessageOut } from "@wasgo/chat";
import { useRef } from "preact/hooks";
import { Icon } from "../../shared/icons.tsx";
import { LOCALE, text } from "../../shared/text.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { useAttempt } from "../ui/toast.tsx";

const UNITS = ["B", "kB", "MB", "GB"] as const;
const WIDEST_PX = 320;
const HIGHEST_PX = 300;
const AGAIN_MS = 60_000;

export function sizeOf(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${new Intl.NumberFormat(LOCALE, { maximumFractionDigits: power > 1 ? 1 : 0 }).format(bytes / 1000 ** power)} ${UNITS[power]}`;
}

export function isPicture(file: Pick<AttachmentOut, "content_type">): boolean {
  return file.content_type.startsWith("image/");
}

/** Saves a file by a link of this moment: the one that came with the message may have ended. */
export function useDownload(): (event: MouseEvent, messageId: string, file: AttachmentOut) => void {
  const { conversation } = useOpen();
  const attempt = useAttempt();
  const save = async (messageId: string, file: AttachmentOut) => {
    await conversation.refresh(messageId);
    const message = conversation.messages.find((one) => one.id === messageId);
    const fresh = message?.attachments.find((one) => one.id === file.id);
    if (!fresh) throw new ChatError("not_found", "the message has no such file any more");
    const link = document.createElement("a");
    link.href = fresh.url;
    link.download = fresh.filename;
    link.click();
  };
  return (event, messageId, file) => {
    event.preventDefault();
    attempt(save(messageId, file), (why) => text.actionFailed.download(file.filename, why));
  };
}

export function Attachments({ message }: { message: MessageOut }) {
  const { conversation } = useOpen();
  const refreshedAt = useRef(-Infinity);
  // The links end after some minutes: ask for new ones, but not again and again for a file that cannot be shown.
  const failed = () => {
    if (Date.now() - refreshedAt.current < AGAIN_MS) return;
    refreshedAt.current = Date.now();
    void conversation.refresh(message.id).catch(() => {});
  };
  const pictures = message.attachments.filter((one) => isPicture(one) && one.width && one.height);
  const others = message.attachments.filter((one) => !pictures.includes(one));
  return (
    <div class="attachments">
      {pictures.length > 0 && (
        <div class="pictures" data-many={pictures.length > 1}>
          {pictures.map((one) => (
            <Picture key={one.id} file={one} isAlone={pictures.length === 1} failed={failed} />
          ))}
        </div>
      )}
      {others.map((one) => (
        <Other key={one.id} file={one} messageId={message.id} failed={failed} />
      ))}
    </div>
  );
}

function Picture({ file, isAlone, failed }: { file: AttachmentOut; isAlone: boolean; failed: () => void }) {
  const { view } = useOpen();
  const [width, height] = [file.width ?? 1, file.height ?? 1];
  const scale = Math.min(1, WIDEST_PX / width, HIGHEST_PX / height);
  const size = isAlone ? { aspectRatio: `${width} / ${height}`, width: `${Math.max(120, Math.round(width * scale))}px` } : {};
  return (
    <button type="button" class="picture" style={size} aria-label={text.open(file.filename)} onClick={() => view(file.id)}>
      <img src={file.thumbnail_url ?? file.url} alt="" loading="lazy" decoding="async" onError={failed} />
    </button>
  );
}

function Other({ file, messageId, failed }: { file: AttachmentOut; messageId: string; failed: () => void }) {
  const download = useDownload();
  if (file.content_type.startsWith("audio/")) {
    return <audio controls preload="metadata" src={file.url} aria-label={file.filename} onError={failed} />;
  }
  if (file.content_type.startsWith("video/")) {
    return <video controls preload="metadata" src={file.url} aria-label={file.filename} onError={failed} />;
  }
  return (
    <a class="file" href={file.url} download={file.filename} aria-label={text.download(file.filename)} onClick={(event) => download(event, messageId, file)}>
      <Icon name="file" />
      <span class="file-name" dir="auto">{file.filename}</span>
      <span class="file-size">{sizeOf(file.size)}</span>
      <Icon name="download" />
    </a>
  );
}

// The attachments of a message: thumbnails of images, players for audio and video, download links for other files.

import { type AttachmentOut, ChatError, type MessageOut } from "@wasgo/chat";
import { useRef } from "preact/hooks";
import { formatFileSize } from "../../shared/file-size.ts";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { useActionWithToast } from "../ui/toast.tsx";

const MAX_WIDTH_PX = 320;
const MAX_HEIGHT_PX = 300;
const REFRESH_INTERVAL_MS = 60_000;
/** More images than this are behind the last one, with their number on it. */
const MAX_THUMBNAILS = 4;

export function isImage(file: Pick<AttachmentOut, "content_type" | "thumbnail_url">): boolean {
  return file.content_type.startsWith("image/") && file.thumbnail_url !== null;
}

/** Browsers other than Safari do not display these types; their thumbnails are large. */
const NOT_DISPLAYED = new Set(["image/heic", "image/tiff"]);

export function imageUrl(file: AttachmentOut): string {
  return (NOT_DISPLAYED.has(file.content_type) ? file.thumbnail_url : null) ?? file.url;
}

/** Downloads a file by a fresh signed URL: the one that came with the message may have expired. */
export function useDownload(): (event: MouseEvent, messageId: string, file: AttachmentOut) => void {
  const { conversation } = useOpenConversation();
  const run = useActionWithToast();
  const save = async (messageId: string, file: AttachmentOut) => {
    await conversation.refresh(messageId);
    const message = conversation.messages.find((message) => message.id === messageId);
    const current = message?.attachments.find((attachment) => attachment.id === file.id);
    if (!current) throw new ChatError("not_found", "the attachment no longer exists");
    const link = document.createElement("a");
    link.href = current.url;
    link.download = current.filename;
    link.click();
  };
  return (event, messageId, file) => {
    event.preventDefault();
    run(save(messageId, file), (why) => text.actionFailed.download(file.filename, why));
  };
}

export function Attachments({ message }: { message: MessageOut }) {
  const { conversation } = useOpenConversation();
  const refreshedAt = useRef(-Infinity);
  // Signed URLs expire after some minutes: fetch new ones, but not over and over for a file that cannot be displayed.
  const onError = () => {
    if (Date.now() - refreshedAt.current < REFRESH_INTERVAL_MS) return;
    refreshedAt.current = Date.now();
    void conversation.refresh(message.id).catch(() => {});
  };
  const images = message.attachments.filter((attachment) => isImage(attachment) && attachment.width && attachment.height);
  const otherFiles = message.attachments.filter((attachment) => !images.includes(attachment));
  return (
    <div class="attachments">
      {images.length > 0 && (
        <div class="images" data-count={Math.min(images.length, MAX_THUMBNAILS)}>
          {images.slice(0, MAX_THUMBNAILS).map((attachment, at) => (
            <ImageThumbnail
              key={attachment.id}
              file={attachment}
              isOnly={images.length === 1}
              hiddenCount={at === MAX_THUMBNAILS - 1 ? images.length - MAX_THUMBNAILS : 0}
              onError={onError}
            />
          ))}
        </div>
      )}
      {otherFiles.map((attachment) => (
        <FileAttachment key={attachment.id} file={attachment} messageId={message.id} onError={onError} />
      ))}
    </div>
  );
}

function ImageThumbnail({ file, isOnly, hiddenCount, onError }: { file: AttachmentOut; isOnly: boolean; hiddenCount: number; onError: () => void }) {
  const { openImage: view } = useOpenConversation();
  const [width, height] = [file.width ?? 1, file.height ?? 1];
  const scale = Math.min(1, MAX_WIDTH_PX / width, MAX_HEIGHT_PX / height);
  const size = isOnly ? { aspectRatio: `${width} / ${height}`, width: `${Math.max(120, Math.round(width * scale))}px` } : {};
  return (
    <button type="button" class="image" style={size} aria-label={hiddenCount > 0 ? `${text.open(file.filename)}. ${text.morePhotos(hiddenCount)}` : text.open(file.filename)} onClick={() => view(file.id)}>
      <img src={file.thumbnail_url ?? file.url} alt="" loading="lazy" decoding="async" onError={onError} />
      {hiddenCount > 0 && <span class="hidden-count">+{hiddenCount}</span>}
    </button>
  );
}

function FileAttachment({ file, messageId, onError }: { file: AttachmentOut; messageId: string; onError: () => void }) {
  const download = useDownload();
  if (file.content_type.startsWith("audio/")) {
    return <audio controls preload="metadata" src={file.url} aria-label={file.filename} onError={onError} />;
  }
  if (file.content_type.startsWith("video/")) {
    return <video controls preload="metadata" src={file.url} aria-label={file.filename} onError={onError} />;
  }
  return (
    <a class="file" href={file.url} download={file.filename} aria-label={text.downloadSized(file.filename, formatFileSize(file.size))} onClick={(event) => download(event, messageId, file)}>
      <Icon name="file" />
      <span class="file-name" dir="auto">{file.filename}</span>
      <span class="file-size">{formatFileSize(file.size)}</span>
      <Icon name="download" />
    </a>
  );
}

// Attachments of the message being written. Each file is uploaded as soon as it is chosen. They are kept by conversation,
// outside the views, so that opening another conversation loses none.

import type { AttachmentOut, Chat } from "@wasgo/chat";
import { formatFileSize } from "../../shared/file-size.ts";
import { type MessageType, isMessageType } from "../../shared/labels/message-types.ts";
import { Writable } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";

export interface Upload {
  readonly key: string;
  readonly file: File;
  /** Object URL of a chosen image; revoked when the upload is removed. */
  readonly preview: string | undefined;
  /** From 0 to 1. */
  readonly progress: number;
  readonly attachment: AttachmentOut | undefined;
  /** Set when the upload failed. */
  readonly error: UploadError | undefined;
  readonly abort: AbortController;
}

export interface UploadError {
  readonly message: string;
  /** The same file can succeed later. */
  readonly isRetryable: boolean;
  /** The connection was lost: the upload starts again when it is back. */
  readonly isInterrupted: boolean;
}

/** The default limit of the service; used until it reports its own. */
const DEFAULT_MAX_FILES = 10;
const RETRYABLE_CODES = new Set(["connection_lost", "no_answer", "rate_limited", "overloaded", "unavailable", "upload_quota_reached", "storage_full", "http_502", "http_504"]);
const TOO_LARGE_CODES = new Set(["attachment_too_large", "body_too_large"]);
const INTERRUPTED_CODES = new Set(["connection_lost", "no_answer", "unavailable"]);
let lastKey = 0;

export class Uploads extends Writable<readonly Upload[]> {
  constructor(
    private readonly chat: Chat,
    private readonly conversationId: string,
  ) {
    super([]);
    chat.subscribe(() => {
      if (chat.state !== "open") return;
      for (const upload of this.state) if (upload.error?.isInterrupted) this.retry(upload.key);
    });
  }

  /** How many attachments a message can have. */
  get maxFiles(): number {
    return this.chat.limits?.attachments ?? DEFAULT_MAX_FILES;
  }

  /** Starts uploading files; returns how many were over the limit and not added. */
  add(files: readonly File[]): number {
    const accepted = files.slice(0, Math.max(0, this.maxFiles - this.state.length));
    for (const file of accepted) {
      const abort = new AbortController();
      const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined;
      const added = { key: `${++lastKey}`, file, preview, progress: 0, attachment: undefined, error: undefined, abort };
      this.set([...this.state, added]);
      this.#start(added);
    }
    return files.length - accepted.length;
  }

  retry(key: string): void {
    const upload = this.state.find((upload) => upload.key === key);
    if (!upload) return;
    this.#change(key, { error: undefined, progress: 0 });
    this.#start(upload);
  }

  remove(key: string): void {
    this.state.filter((upload) => upload.key === key).forEach(release);
    this.set(this.state.filter((upload) => upload.key !== key));
  }

  /** Returns the uploaded attachments and clears the list. */
  take(): readonly AttachmentOut[] {
    const attachments = this.state.flatMap((upload) => upload.attachment ?? []);
    this.clear();
    return attachments;
  }

  clear(): void {
    this.state.forEach(release);
    this.set([]);
  }

  #start({ key, file, abort }: Upload): void {
    if (file.size > (this.chat.limits?.attachment_bytes ?? Infinity)) {
      this.#change(key, { error: this.#error("attachment_too_large") });
      return;
    }
    const onProgress = (fraction: number) => this.#change(key, { progress: fraction });
    this.chat.upload(this.conversationId, file, { onProgress, signal: abort.signal }).then(
      (attachment) => this.#change(key, { attachment, progress: 1 }),
      ({ code }: { code: string }) => code !== "aborted" && this.#change(key, { error: this.#error(code) }),
    );
  }

  #error(code: string): UploadError {
    const limit = this.chat.limits?.attachment_bytes;
    const isTooLarge = TOO_LARGE_CODES.has(code) && limit !== undefined;
    const message = isTooLarge ? text.fileTooLarge(formatFileSize(limit)) : (text.uploadErrors[code] ?? text.uploadFailed);
    return { message, isRetryable: RETRYABLE_CODES.has(code), isInterrupted: INTERRUPTED_CODES.has(code) };
  }

  #change(key: string, changes: Partial<Upload>): void {
    this.set(this.state.map((upload) => (upload.key === key ? { ...upload, ...changes } : upload)));
  }
}

const uploadsByChat = new WeakMap<Chat, Map<string, Uploads>>();

/** The uploads of a conversation; always the same object for the same conversation. */
export function uploadsFor(chat: Chat, conversationId: string): Uploads {
  const all = uploadsByChat.get(chat) ?? new Map<string, Uploads>();
  uploadsByChat.set(chat, all);
  const uploads = all.get(conversationId) ?? new Uploads(chat, conversationId);
  all.set(conversationId, uploads);
  return uploads;
}

/** Aborts and discards all uploads of a client. */
export function discardUploads(chat: Chat): void {
  for (const one of uploadsByChat.get(chat)?.values() ?? []) one.clear();
  uploadsByChat.delete(chat);
}

function release({ preview, abort }: Upload): void {
  abort.abort();
  if (preview) URL.revokeObjectURL(preview);
}

export function transferredFiles(data: DataTransfer | null): readonly File[] {
  return [...(data?.files ?? [])];
}

/** The type of a message with these attachments: that of their content types, such as `image`, if they have one in common. */
export function messageTypeFor(files: readonly AttachmentOut[]): Exclude<MessageType, "system"> {
  const [type = "file", ...others] = new Set(files.map((attachment) => attachment.content_type.split("/")[0]));
  return others.length === 0 && type !== "text" && isMessageType(type) && type !== "system" ? type : "file";
}

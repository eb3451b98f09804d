// Files on their way into a message: each goes up as soon as it is chosen, and waits for the message to be sent.
// They are kept beside the views, by conversation: looking into another one loses none of them.

import type { AttachmentOut, Chat, ChatError } from "@wasgo/chat";
import { text } from "../../shared/text.ts";
import { Kept } from "../../shared/store.ts";

export interface Upload {
  readonly key: string;
  readonly file: File;
  /** Of what was chosen, for as long as it is shown. */
  readonly preview: string | undefined;
  readonly part: number;
  readonly stored: AttachmentOut | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly abort: AbortController;
}

const MOST = 10;

export class Uploads extends Kept<readonly Upload[]> {
  constructor(
    private readonly chat: Chat,
    private readonly conversationId: string,
  ) {
    super([]);
  }

  /** Takes files on; gives how many were too many. */
  add(files: readonly File[]): number {
    const taken = files.slice(0, MOST - this.state.length);
    for (const file of taken) {
      const abort = new AbortController();
      const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined;
      const added = { key: crypto.randomUUID(), file, preview, part: 0, stored: undefined, error: undefined, abort };
      this.become([...this.state, added]);
      this.#start(added);
    }
    return files.length - taken.length;
  }

  retry(key: string): void {
    const found = this.state.find((one) => one.key === key);
    if (!found) return;
    this.#change(key, { error: undefined, part: 0 });
    this.#start(found);
  }

  remove(key: string): void {
    this.state.filter((one) => one.key === key).forEach(forget);
    this.become(this.state.filter((one) => one.key !== key));
  }

  /** Empties it; gives what is to be sent. */
  take(): readonly AttachmentOut[] {
    const stored = this.state.flatMap((one) => one.stored ?? []);
    this.clear();
    return stored;
  }

  clear(): void {
    this.state.forEach(forget);
    this.become([]);
  }

  #start({ key, file, abort }: Upload): void {
    const progress = (part: number) => this.#change(key, { part });
    this.chat.upload(this.conversationId, file, { progress, signal: abort.signal }).then(
      (stored) => this.#change(key, { stored, part: 1 }),
      (error: ChatError) => error.code !== "aborted" && this.#change(key, { error: error.message || text.uploadFailed(file.name) }),
    );
  }

  #change(key: string, more: Partial<Upload>): void {
    this.become(this.state.map((one) => (one.key === key ? { ...one, ...more } : one)));
  }
}

const kept = new WeakMap<Chat, Map<string, Uploads>>();

/** The files that wait in a conversation; the same object for the same conversation. */
export function uploadsOf(chat: Chat, conversationId: string): Uploads {
  const all = kept.get(chat) ?? new Map<string, Uploads>();
  kept.set(chat, all);
  const found = all.get(conversationId) ?? new Uploads(chat, conversationId);
  all.set(conversationId, found);
  return found;
}

/** Gives up what is still on its way, with the client that it goes through. */
export function endUploads(chat: Chat): void {
  for (const one of kept.get(chat)?.values() ?? []) one.clear();
  kept.delete(chat);
}

function forget({ preview, abort }: Upload): void {
  abort.abort();
  if (preview) URL.revokeObjectURL(preview);
}

export function filesOf(data: DataTransfer | null): readonly File[] {
  return [...(data?.files ?? [])];
}

/** The type of a message with these files. */
export function typeOf(files: readonly AttachmentOut[]): "image" | "audio" | "video" | "file" {
  for (const kind of ["image", "audio", "video"] as const) {
    if (files.every((one) => one.content_type.startsWith(`${kind}/`))) return kind;
  }
  return "file";
}

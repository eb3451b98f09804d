// Files on their way into a message: each goes up as soon as it is chosen, and waits for the message to be sent.

import type { AttachmentOut, ChatError } from "@wasgo/chat";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { text } from "../shared/text.ts";
import { useSession } from "./session.ts";

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

export interface Uploads {
  readonly list: readonly Upload[];
  readonly isReady: boolean;
  add(files: readonly File[]): void;
  retry(key: string): void;
  remove(key: string): void;
  /** Empties it; gives what is to be sent. */
  take(): readonly AttachmentOut[];
}

const MOST = 10;

type Change = { readonly key: string; readonly more: Partial<Upload> | undefined } | { readonly added: Upload } | "empty";

function changed(list: readonly Upload[], change: Change): readonly Upload[] {
  if (change === "empty") return [];
  if ("added" in change) return [...list, change.added];
  const { key, more } = change;
  return more ? list.map((one) => (one.key === key ? { ...one, ...more } : one)) : list.filter((one) => one.key !== key);
}

export function filesOf(data: DataTransfer | null): readonly File[] {
  return [...(data?.files ?? [])];
}

export function useUploads(conversationId: string): Uploads {
  const { chat } = useSession();
  const [list, change] = useReducer(changed, []);
  const newest = useRef(list);
  newest.current = list;
  useEffect(() => () => newest.current.forEach(forget), []);
  const start = (key: string, file: File, signal: AbortSignal) => {
    const progress = (part: number) => change({ key, more: { part } });
    chat.upload(conversationId, file, { progress, signal }).then(
      (stored) => change({ key, more: { stored, part: 1 } }),
      (error: ChatError) => error.code !== "aborted" && change({ key, more: { error: error.message || text.uploadFailed(file.name) } }),
    );
  };
  return {
    list,
    isReady: list.every((one) => one.stored),
    add: (files) => {
      for (const file of files.slice(0, MOST - newest.current.length)) {
        const key = crypto.randomUUID();
        const abort = new AbortController();
        const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined;
        change({ added: { key, file, preview, part: 0, stored: undefined, error: undefined, abort } });
        start(key, file, abort.signal);
      }
    },
    retry: (key) => {
      const found = list.find((one) => one.key === key);
      if (!found) return;
      change({ key, more: { error: undefined, part: 0 } });
      start(key, found.file, found.abort.signal);
    },
    remove: (key) => {
      const found = list.find((one) => one.key === key);
      found?.abort.abort();
      if (found) forget(found);
      change({ key, more: undefined });
    },
    take: () => {
      const stored = list.flatMap((one) => one.stored ?? []);
      list.forEach(forget);
      change("empty");
      return stored;
    },
  };
}

function forget({ preview }: Upload): void {
  if (preview) URL.revokeObjectURL(preview);
}

/** The type of a message with these files. */
export function typeOf(files: readonly AttachmentOut[]): "image" | "audio" | "video" | "file" {
  for (const kind of ["image", "audio", "video"] as const) {
    if (files.every((one) => one.content_type.startsWith(`${kind}/`))) return kind;
  }
  return "file";
}

// Uploads a file before the message that refers to it. Uses XMLHttpRequest where available, because `fetch` reports no
// progress.

import { ChatError, errorFromProblem } from "./errors.js";
import type { AttachmentOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { uploadAttachment } from "./generated/rest/sdk.gen.js";
import { unwrap } from "./rest-client.js";
import type { TokenCache } from "./tokens.js";

export interface UploadOptions {
  /** Called with the fraction uploaded, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Cancels the upload, which then rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

/** Rejects with a ChatError: the service's error, `aborted` or `connection_lost`. With XMLHttpRequest it does not retry. */
export async function upload(
  url: string,
  client: Client,
  tokens: TokenCache,
  conversationId: string,
  file: File,
  { onProgress, signal }: UploadOptions = {},
): Promise<AttachmentOut> {
  if (typeof XMLHttpRequest === "undefined") {
    const body = { file, conversation: conversationId };
    const attachment = await unwrap(uploadAttachment({ client, body, signal: signal ?? null }));
    onProgress?.(1);
    return attachment;
  }
  const token = await tokens.get();
  const form = new FormData();
  form.append("conversation", conversationId);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${url}/chat/attachments/`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) resolve(request.response as AttachmentOut);
      else reject(errorFromProblem(request.response, request.status));
    };
    request.onerror = () => reject(new ChatError("connection_lost", "the connection was lost during the upload"));
    request.onabort = () => reject(new ChatError("aborted", "the upload was cancelled"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

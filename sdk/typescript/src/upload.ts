// Sends a file ahead of its message. `fetch` says nothing of how far it is; where there is XMLHttpRequest, that does.

import { problemOf } from "./errors.js";
import type { AttachmentOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { uploadAttachment } from "./generated/rest/sdk.gen.js";
import { result } from "./rest.js";
import type { Tokens } from "./token.js";

export interface UploadOptions {
  /** Told how much has gone, from 0 to 1. */
  readonly progress?: (part: number) => void;
  /** Gives up: rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

/** Rejects with ChatError: a refusal of the service, `aborted`, or `connection_lost`. Nothing is tried again here. */
export async function upload(
  url: string,
  client: Client,
  tokens: Tokens,
  conversation: string,
  file: File,
  { progress, signal }: UploadOptions = {},
): Promise<AttachmentOut> {
  if (typeof XMLHttpRequest === "undefined") {
    const answer = await result(uploadAttachment({ client, body: { file, conversation }, signal: signal ?? null }));
    progress?.(1);
    return answer;
  }
  const token = await tokens.get();
  const form = new FormData();
  form.append("conversation", conversation);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${url}/chat/attachments/`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress?.(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) resolve(request.response as AttachmentOut);
      else reject(problemOf(request.response, request.status));
    };
    request.onerror = () => reject(problemOf({ code: "connection_lost", detail: "the upload was cut off" }));
    request.onabort = () => reject(problemOf({ code: "aborted", detail: "the upload was given up" }));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

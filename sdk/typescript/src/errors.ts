// What can go wrong, as seen by whoever calls the client. The codes are those of docs/protocol.md.

/** A refusal by the service, by HTTP or by socket. `code` is what programs compare. */
export class ChatError extends Error {
  override readonly name = "ChatError";

  constructor(
    readonly code: string,
    detail: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(detail);
  }
}

/** The error of an HTTP answer: a problem document (RFC 9457), or whatever stood in its place. */
export function problemOf(body: unknown, status?: number): ChatError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const code = typeof problem.code === "string" ? problem.code : status === undefined ? "no_answer" : `http_${status}`;
  const detail = typeof problem.detail === "string" ? problem.detail : `the service answered ${status ?? "nothing"}`;
  return new ChatError(code, detail, typeof problem.retry_after_s === "number" ? problem.retry_after_s : undefined);
}

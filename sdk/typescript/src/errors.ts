// The errors that this package throws. docs/protocol.md lists the codes.

/** The service rejected a request, over HTTP or the WebSocket, or did not answer. Compare `code`, not the message. */
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

/** Converts the body of an HTTP error response. Bodies that are not problem documents (RFC 9457) get a code of their own. */
export function errorFromProblem(body: unknown, status?: number): ChatError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const code = typeof problem.code === "string" ? problem.code : status === undefined ? "no_answer" : `http_${status}`;
  const detail = typeof problem.detail === "string" ? problem.detail : `the service answered ${status ?? "nothing"}`;
  return new ChatError(code, detail, typeof problem.retry_after_s === "number" ? problem.retry_after_s : undefined);
}

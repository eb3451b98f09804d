// What to do after the service closes a connection: whether to reconnect, when, and with which token. The action of each
// close code is generated from the AsyncAPI document; docs/protocol.md explains the codes.

import { backoff } from "./backoff.js";
import { type CloseCodeAction, closeCodeActions } from "./generated/close-codes.js";

export type ReconnectDecision =
  | { readonly action: "reconnect"; readonly seconds: number }
  | { readonly action: "new_token"; readonly seconds: number }
  | { readonly action: "stop" };

const DEFAULT_WAIT_S = 60;

/** What to do after a close. `attempt` counts the closes since the last `hello`. */
export function reconnectPolicy(code: number, reason: string, attempt: number, random?: () => number): ReconnectDecision {
  // A code that the service does not define, such as 1006, means that the connection was lost.
  const action: CloseCodeAction = closeCodeActions[code] ?? "reconnect";
  const retryAfter = /retry after ([\d.]+)/.exec(reason)?.[1];
  const delay = backoff(attempt, random);
  switch (action) {
    case "stop":
      return { action };
    case "new_token":
      return { action, seconds: attempt === 0 ? 0 : delay };
    case "wait":
      return { action: "reconnect", seconds: Number(retryAfter ?? DEFAULT_WAIT_S) + delay };
    case "reconnect":
      return { action, seconds: Number(retryAfter ?? 0) + delay };
  }
}

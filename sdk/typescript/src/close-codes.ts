// What a closed socket means: whether to come back, when, and with which token. The table of docs/protocol.md.

export type AfterClose =
  | { readonly kind: "reconnect"; readonly seconds: number }
  | { readonly kind: "new-token"; readonly seconds: number }
  | { readonly kind: "stop" };

const FIRST_S = 0.5;
const LONGEST_S = 30;
const TOO_FAST_S = 60;

/** Seconds before attempt number `attempt` (from 0): doubles up to 30, and not all clients at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_S, FIRST_S * 2 ** attempt) * (0.5 + random() / 2);
}

/** What to do after a close. `attempt` counts closes without a greeting between. */
export function afterClose(code: number, reason: string, attempt: number, random?: () => number): AfterClose {
  const said = /retry after ([\d.]+)/.exec(reason)?.[1];
  const waiting = backoff(attempt, random);
  switch (code) {
    case 4400:
    case 4403:
    case 4404:
      return { kind: "stop" };
    case 4401:
      return { kind: "new-token", seconds: attempt === 0 ? 0 : waiting };
    case 4429:
      return { kind: "reconnect", seconds: (said === undefined ? TOO_FAST_S : Number(said)) + waiting };
    default:
      return { kind: "reconnect", seconds: said === undefined ? waiting : Number(said) + waiting };
  }
}

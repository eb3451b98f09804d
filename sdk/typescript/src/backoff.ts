// Exponential backoff with jitter, for reconnects and repeated requests.

const INITIAL_S = 0.5;
const MAX_S = 30;

/** Seconds before attempt number `attempt` (from 0): doubles up to 30, less up to half at random. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(MAX_S, INITIAL_S * 2 ** attempt) * (0.5 + random() / 2);
}

// From answers of the service to figures of a while: differences of counters, and a share of a histogram.

import type { FiguresOut } from "@wasgo/chat/rest";

export interface Sample {
  readonly at: number;
  readonly figures: FiguresOut;
}

/** Messages a second between two answers; undefined for the first, and after a restart. */
export function messageRate(before: Sample | undefined, after: Sample): number | undefined {
  const [from, to] = [before?.figures.messages ?? 0, after.figures.messages];
  if (!before || to < from || after.at <= before.at) return undefined;
  return (to - from) / ((after.at - before.at) / 1000);
}

/** Seconds that a share of what was delivered between two answers took at most. */
export function share(before: Sample | undefined, after: Sample, of: number): number | undefined {
  const [old, now] = [before?.figures.delivery, after.figures.delivery];
  if (!old) return undefined;
  const counts = now.counts.map((count, at) => count - (old.counts[at] ?? 0));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all <= 0 || counts.some((count) => count < 0)) return undefined;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (below + count >= of * all) {
      const from = at > 0 ? (now.bounds[at - 1] ?? 0) : 0;
      const to = now.bounds[at] ?? from; // beyond the last bound nothing more is known
      return from + (to - from) * ((of * all - below) / count);
    }
    below += count;
  }
  return undefined;
}

/** The last sample that is at least so old, or the oldest. */
export function ago(samples: readonly Sample[], milliseconds: number): Sample | undefined {
  const newest = samples.at(-1);
  if (!newest) return undefined;
  return samples.findLast((one) => newest.at - one.at >= milliseconds) ?? (samples.length > 1 ? samples[0] : undefined);
}

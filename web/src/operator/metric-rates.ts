// Rates and quantiles over a time window, from the difference of two samples of cumulative counters.

import type { FiguresOut } from "@wasgo/chat/rest";

export interface Sample {
  readonly at: number;
  readonly metrics: FiguresOut;
}

/** Messages per second between two samples; undefined for the first sample and after a restart of the service. */
export function messageRate(before: Sample | undefined, after: Sample): number | undefined {
  const [from, to] = [before?.metrics.messages ?? 0, after.metrics.messages];
  if (!before || to < from || after.at <= before.at) return undefined;
  return (to - from) / ((after.at - before.at) / 1000);
}

/** The quantile (0 to 1) of the delivery time between two samples, in seconds, interpolated within its histogram bucket. */
export function deliveryQuantile(before: Sample | undefined, after: Sample, quantile: number): number | undefined {
  const [old, now] = [before?.metrics.delivery, after.metrics.delivery];
  if (!old) return undefined;
  const counts = now.counts.map((count, at) => count - (old.counts[at] ?? 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0 || counts.some((count) => count < 0)) return undefined;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (below + count >= quantile * total) {
      const from = at > 0 ? (now.bounds[at - 1] ?? 0) : 0;
      const to = now.bounds[at] ?? from; // the last bucket has no upper bound
      return from + (to - from) * ((quantile * total - below) / count);
    }
    below += count;
  }
  return undefined;
}

/** The newest sample that is at least this much older than the last one, or else the oldest. */
export function sampleBefore(samples: readonly Sample[], milliseconds: number): Sample | undefined {
  const newest = samples.at(-1);
  if (!newest) return undefined;
  return samples.findLast((sample) => newest.at - sample.at >= milliseconds) ?? (samples.length > 1 ? samples[0] : undefined);
}

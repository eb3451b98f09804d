// A small line chart of a metric over the last two minutes, or less while there are fewer samples. The vertical scale runs
// from 0 to a round number, so that a steady value is a level line. Its label describes it for screen readers.

import { formatNumber, operatorText } from "./text.ts";

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export const SPANS_MS = [30_000, 60_000, 120_000] as const;
const WIDTH = 160;
const HEIGHT = 40;
const PADDING = 1;

/** The smallest of 1, 2, 5, 10, 20, 50 … that is greater than `max`. */
export function scaleMax(max: number): number {
  let unit = 1;
  while (unit * 10 <= max) unit *= 10;
  return [1, 2, 5, 10].map((times) => times * unit).find((top) => top > max) ?? unit;
}

export function Sparkline({ points, name, since, now }: { points: readonly Point[]; name: string; since: number; now: number }) {
  const values = points.map((point) => point.value);
  const max = scaleMax(Math.max(0, ...values));
  const span = SPANS_MS.find((one) => one >= now - since) ?? SPANS_MS[2];
  const x = ({ at }: Point) => (WIDTH * Math.max(0, 1 - (now - at) / span)).toFixed(1);
  const coordinates = points.map((point) => `${x(point)} ${(HEIGHT - PADDING - (point.value / max) * (HEIGHT - 2 * PADDING)).toFixed(1)}`);
  const [first, last] = [points[0], points.at(-1)];
  return (
    <div class="trend">
      <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" {...(first ? { role: "img", "aria-label": operatorText.trend(name, span / 1000, Math.min(...values), Math.max(...values)) } : { "aria-hidden": "true" as const })}>
        <path class="grid" d={`M0 ${PADDING} H${WIDTH} M0 ${HEIGHT / 2} H${WIDTH} M0 ${HEIGHT - PADDING} H${WIDTH}`} />
        {first && last && <path class="area" d={`M${x(first)} ${HEIGHT} L${coordinates.join(" L")} L${x(last)} ${HEIGHT}z`} />}
        <path class="line" d={coordinates.length > 0 ? `M${coordinates.join(" L")}` : ""} />
      </svg>
      <span class="scale" aria-hidden="true"><span>{formatNumber(max)}</span><span>0</span></span>
      <span class="span" aria-hidden="true"><span>{operatorText.trendFrom(span / 1000)}</span><span>{operatorText.trendTo}</span></span>
    </div>
  );
}

// A small chart of how a figure went in the last two minutes, or in less where less is known: its height has a round number
// at the top and nothing at the bottom, so that a steady figure is a level line at its place. What it shows is also said in
// words.

import { formatNumber, operatorText } from "./text.ts";

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export const SPANS_MS = [30_000, 60_000, 120_000] as const;
const WIDTH = 160;
const HEIGHT = 40;
const EDGE = 1;

/** The least of 1, 2, 5, 10, 20, 50 … that is more than the greatest. */
export function topOf(greatest: number): number {
  let unit = 1;
  while (unit * 10 <= greatest) unit *= 10;
  return [1, 2, 5, 10].map((times) => times * unit).find((top) => top > greatest) ?? unit;
}

export function Sparkline({ points, name, since, now }: { points: readonly Point[]; name: string; since: number; now: number }) {
  const values = points.map((one) => one.value);
  const top = topOf(Math.max(0, ...values));
  const span = SPANS_MS.find((one) => one >= now - since) ?? SPANS_MS[2];
  const x = ({ at }: Point) => (WIDTH * Math.max(0, 1 - (now - at) / span)).toFixed(1);
  const drawn = points.map((one) => `${x(one)} ${(HEIGHT - EDGE - (one.value / top) * (HEIGHT - 2 * EDGE)).toFixed(1)}`);
  const [first, last] = [points[0], points.at(-1)];
  return (
    <div class="trend">
      <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" {...(first ? { role: "img", "aria-label": operatorText.trend(name, span / 1000, Math.min(...values), Math.max(...values)) } : { "aria-hidden": "true" as const })}>
        <path class="grid" d={`M0 ${EDGE} H${WIDTH} M0 ${HEIGHT / 2} H${WIDTH} M0 ${HEIGHT - EDGE} H${WIDTH}`} />
        {first && last && <path class="area" d={`M${x(first)} ${HEIGHT} L${drawn.join(" L")} L${x(last)} ${HEIGHT}z`} />}
        <path class="line" d={drawn.length > 0 ? `M${drawn.join(" L")}` : ""} />
      </svg>
      <span class="scale" aria-hidden="true"><span>{formatNumber(top)}</span><span>0</span></span>
      <span class="span" aria-hidden="true"><span>{operatorText.trendFrom(span / 1000)}</span><span>{operatorText.trendTo}</span></span>
    </div>
  );
}

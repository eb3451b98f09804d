// A small line of how a figure went; what it shows is also said in words.

const WIDTH = 160;
const HEIGHT = 40;
const EDGE = 3;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const top = Math.max(...values, Number.MIN_VALUE);
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, at) => `${(at * step).toFixed(1)} ${(HEIGHT - EDGE - (value / top) * (HEIGHT - 2 * EDGE)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="area" d={`M0 ${HEIGHT} L${points.join(" L")} L${WIDTH} ${HEIGHT}z`} />
      <path class="line" d={`M${points.join(" L")}`} />
    </svg>
  );
}

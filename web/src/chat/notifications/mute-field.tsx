// Mutes notifications: chosen as a duration from now, shown as the time it ends.

import { useEffect, useState } from "preact/hooks";
import { text } from "../../shared/text.ts";
import { formatDateTime } from "../../shared/times.ts";

const HOUR_MS = 3_600_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
const MUTES = { none: 0, hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS } as const;

/** The end of a mute, or null once it has passed. */
function useMutedUntil(until: string | null): string | null {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const update = () => setNow(Date.now());
    update();
    if (!until) return undefined;
    const timer = setTimeout(update, Math.min(Math.max(0, Date.parse(until) - Date.now()), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  }, [until]);
  return until && Date.parse(until) > now ? until : null;
}

export function MuteField({ until: saved, change }: { until: string | null; change: (until: string | null) => void }) {
  const until = useMutedUntil(saved);
  const choose = (chosen: keyof typeof MUTES) => change(chosen === "none" ? null : new Date(Date.now() + MUTES[chosen]).toISOString());
  return (
    <label class="field">
      <span>{text.mute}</span>
      <select class="input" value={until ? "current" : "none"} onChange={(event) => choose(event.currentTarget.value as keyof typeof MUTES)}>
        {until && <option value="current">{text.mutedUntil(formatDateTime(until))}</option>}
        {(Object.keys(MUTES) as (keyof typeof MUTES)[]).map((name) => (
          <option key={name} value={name}>
            {text.muteFor[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

// A location on an illustrated map whose streets are generated from the coordinates, always the same for the same place. No
// map service is called, so no third party learns the location.

import type { MessageOut } from "@wasgo/chat";
import { text } from "../../shared/text.ts";

export interface SharedLocation {
  readonly lat: number;
  readonly lng: number;
  readonly label: string;
}

const [WIDTH, HEIGHT] = [300, 150];

export function messageLocation(message: MessageOut): SharedLocation | undefined {
  const raw = message.metadata.location as { lat?: unknown; lng?: unknown; label?: unknown } | undefined;
  if (message.message_type !== "location" || typeof raw?.lat !== "number" || typeof raw.lng !== "number") return undefined;
  return { lat: raw.lat, lng: raw.lng, label: typeof raw.label === "string" ? raw.label : "" };
}

/** A linear congruential generator of numbers from 0 to 1 (constants: Numerical Recipes). */
function* seededRandom(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

export function LocationCard({ location }: { location: SharedLocation }) {
  const { lat, lng, label } = location;
  const random = seededRandom(Math.round((lat + 90) * 1000) * 7919 + Math.round((lng + 180) * 1000));
  const next = () => random.next().value;
  const tilt = next() * 30 - 15;
  const across = Array.from({ length: 6 }, (_, at) => -60 + at * 48 + next() * 22);
  const along = Array.from({ length: 9 }, (_, at) => -60 + at * 50 + next() * 26);
  const bend = 30 + next() * 60;
  const coordinates = `${lat.toFixed(4)}, ${lng.toFixed(4)}`;
  return (
    <figure class="location">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text.map(label || coordinates)}>
        <rect class="ground" width={WIDTH} height={HEIGHT} />
        <circle class="park" cx={40 + next() * 220} cy={20 + next() * 110} r={26 + next() * 30} />
        <g transform={`rotate(${tilt} 150 75)`}>
          {across.map((y) => (
            <path key={`a${y}`} class="street" d={`M-60 ${y}H380`} />
          ))}
          {along.map((x) => (
            <path key={`l${x}`} class="street" d={`M${x} -80V240`} />
          ))}
          <path class="road" d={`M-60 ${75 + bend / 2}C60 ${75 - bend} 220 ${75 + bend} 380 ${75 - bend / 2}`} />
        </g>
        <path class="water" d={`M${200 + next() * 80} -10c30 50 -30 80 20 170`} />
        <g class="pin">
          <ellipse cx="150" cy="78" rx="8" ry="3" />
          <path d="M150 76c-9-11-14-17-14-24a14 14 0 0 1 28 0c0 7-5 13-14 24z" />
          <circle cx="150" cy="52" r="5" />
        </g>
      </svg>
      <figcaption>
        <strong dir="auto">{label || text.location}</strong>
        <span>{coordinates}</span>
      </figcaption>
    </figure>
  );
}

// A location: its name, its coordinates, and a link to a map. The page itself asks no map service, so that no third party
// learns the location before the user opens the link.

import type { MessageOut } from "@wasgo/chat";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";

export interface SharedLocation {
  readonly lat: number;
  readonly lng: number;
  readonly label: string;
}

const ZOOM = 17;

export function messageLocation(message: MessageOut): SharedLocation | undefined {
  const raw = message.metadata.location as { lat?: unknown; lng?: unknown; label?: unknown } | undefined;
  if (message.message_type !== "location" || typeof raw?.lat !== "number" || typeof raw.lng !== "number") return undefined;
  return { lat: raw.lat, lng: raw.lng, label: typeof raw.label === "string" ? raw.label : "" };
}

export function LocationCard({ location }: { location: SharedLocation }) {
  const { lat, lng, label } = location;
  const map = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=${ZOOM}/${lat}/${lng}`;
  return (
    <div class="location">
      <Icon name="pin" />
      <span class="location-text">
        <strong dir="auto">{label || text.location}</strong>
        <span class="coordinates" dir="ltr">
          {lat.toFixed(5)}, {lng.toFixed(5)}
        </span>
        <a href={map} target="_blank" rel="noreferrer noopener">
          {text.openMap}
        </a>
      </span>
    </div>
  );
}

// Asks for a location: the current position, or coordinates, and a name for it.

import { useState } from "preact/hooks";
import { Button } from "../../shared/controls.tsx";
import { text } from "../../shared/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { LocationCard, type SharedLocation } from "../ui/location-card.tsx";

const LOCATE_TIMEOUT_MS = 15_000;
const DECIMALS = 5;

type Locating = "idle" | "locating" | keyof typeof text.locationErrors;

/** Accepts a decimal comma. `undefined` if it is no number in the range. */
function parseCoordinate(value: string, limit: number): number | undefined {
  const number = Number(value.trim().replace(",", "."));
  return value.trim() !== "" && Math.abs(number) <= limit ? number : undefined;
}

export function LocationDialog({ close, share }: { close: () => void; share: (location: SharedLocation) => void }) {
  const [label, setLabel] = useState("");
  const [latitude, setLatitude] = useState("");
  const [longitude, setLongitude] = useState("");
  const [locating, setLocating] = useState<Locating>("idle");
  const lat = parseCoordinate(latitude, 90);
  const lng = parseCoordinate(longitude, 180);
  const location = lat !== undefined && lng !== undefined ? { lat, lng, label: label.trim() } : undefined;
  const isInvalid = (latitude.trim() !== "" && lat === undefined) || (longitude.trim() !== "" && lng === undefined);
  const locate = () => {
    if (!("geolocation" in navigator) || !isSecureContext) {
      setLocating("unsupported");
      return;
    }
    setLocating("locating");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLatitude(coords.latitude.toFixed(DECIMALS));
        setLongitude(coords.longitude.toFixed(DECIMALS));
        setLocating("idle");
      },
      ({ code }) => setLocating(code === GeolocationPositionError.PERMISSION_DENIED ? "denied" : code === GeolocationPositionError.TIMEOUT ? "timeout" : "unavailable"),
      { enableHighAccuracy: true, timeout: LOCATE_TIMEOUT_MS },
    );
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (!location) return;
    share(location);
    close();
  };
  const error = isInvalid ? text.locationInvalid : locating === "idle" || locating === "locating" ? "" : text.locationErrors[locating];
  return (
    <Dialog title={text.locationTitle} close={close}>
      <form class="location-form" onSubmit={submit}>
        <p class="soft">{text.locationHint}</p>
        <Button icon="pin" disabled={locating === "locating"} onClick={locate}>
          {locating === "locating" ? text.locating : text.currentLocation}
        </Button>
        <div class="field-pair">
          <label class="field">
            <span>{text.latitude}</span>
            <input class="input" inputMode="decimal" autocomplete="off" value={latitude} onInput={(event) => setLatitude(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>{text.longitude}</span>
            <input class="input" inputMode="decimal" autocomplete="off" value={longitude} onInput={(event) => setLongitude(event.currentTarget.value)} />
          </label>
        </div>
        <p role="alert" class="error">
          {error}
        </p>
        <label class="field">
          <span>{text.locationLabel}</span>
          <input class="input" dir="auto" maxLength={100} value={label} onInput={(event) => setLabel(event.currentTarget.value)} />
        </label>
        {location && <LocationCard location={location} />}
        <footer>
          <Button kind="primary" type="submit" disabled={!location}>
            {text.send}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

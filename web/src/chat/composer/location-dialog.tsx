// Asks for a location: its name and coordinates, or the current position.

import { useState } from "preact/hooks";
import { Button } from "../../shared/controls.tsx";
import { text } from "../../shared/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { LocationCard, type SharedLocation } from "../ui/location-card.tsx";

export function LocationDialog({ close, share }: { close: () => void; share: (location: SharedLocation) => void }) {
  const [label, setLabel] = useState("");
  const [lat, setLat] = useState("48.2082");
  const [lng, setLng] = useState("16.3738");
  const location = { lat: Number(lat), lng: Number(lng), label: label.trim() };
  const isValid = lat !== "" && lng !== "" && Math.abs(location.lat) <= 90 && Math.abs(location.lng) <= 180;
  const locate = () =>
    navigator.geolocation?.getCurrentPosition(({ coords }) => {
      setLat(coords.latitude.toFixed(5));
      setLng(coords.longitude.toFixed(5));
    });
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isValid) return;
    share(location);
    close();
  };
  return (
    <Dialog title={text.locationTitle} close={close}>
      <form class="location-form" onSubmit={submit}>
        {isValid && <LocationCard location={location} />}
        <label class="field">
          <span>{text.locationLabel}</span>
          <input class="input" dir="auto" maxLength={100} value={label} onInput={(event) => setLabel(event.currentTarget.value)} />
        </label>
        <div class="field-pair">
          <label class="field">
            <span>{text.latitude}</span>
            <input class="input" inputMode="decimal" value={lat} onInput={(event) => setLat(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>{text.longitude}</span>
            <input class="input" inputMode="decimal" value={lng} onInput={(event) => setLng(event.currentTarget.value)} />
          </label>
        </div>
        {!isValid && <p role="alert" class="error">{text.locationInvalid}</p>}
        <footer>
          <Button icon="pin" onClick={locate}>
            {text.currentLocation}
          </Button>
          <Button kind="primary" type="submit" disabled={!isValid}>
            {text.send}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

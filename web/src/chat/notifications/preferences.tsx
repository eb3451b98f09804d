// What a user wants to be told of, in general: how much, by which channels, and when not.

import { result } from "@wasgo/chat";
import { type Preferences as Wishes, getNotificationPreferences, putNotificationPreferences } from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Button, Empty, Spinner } from "../../shared/controls.tsx";
import { DELIVERY_CHANNELS, DELIVERY_CHANNEL_NAMES, NOTIFICATION_LEVELS, NOTIFICATION_LEVEL_NAMES } from "../../shared/labels/notification-options.ts";
import { text } from "../../shared/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useLoaded } from "../../shared/use-async.ts";
import { MuteField } from "./mute-field.tsx";
import { useSession } from "../session.ts";

export function Preferences({ close }: { close: () => void }) {
  const { client } = useSession().chat;
  const loaded = useLoaded<Wishes>(() => result(getNotificationPreferences({ client })), [client]);
  const { value: wishes, set: setWishes } = loaded;
  const [said, setSaid] = useState("");
  const change = (more: Wishes) => {
    setSaid("");
    setWishes({ ...wishes, ...more });
  };
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      setWishes(await result(putNotificationPreferences({ client, body: wishes ?? {} })));
      setSaid(text.saved);
    } catch {
      setSaid(text.notSaved);
    }
  };
  const quiet = wishes?.quiet_hours;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Dialog title={text.preferences} close={close}>
      {wishes ? (
        <form class="preferences" onSubmit={save}>
          <fieldset>
            <legend>{text.level}</legend>
            {NOTIFICATION_LEVEL_NAMES.map((level) => (
              <label key={level} class="choice">
                <input type="radio" name="level" checked={(wishes.level ?? "all") === level} onChange={() => change({ level })} />
                {NOTIFICATION_LEVELS[level]}
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>{text.channels}</legend>
            {DELIVERY_CHANNEL_NAMES.map((channel) => (
              <label key={channel} class="choice">
                <input
                  type="checkbox"
                  checked={wishes.channels?.[channel] ?? true}
                  onChange={(event) => change({ channels: { ...wishes.channels, [channel]: event.currentTarget.checked } })}
                />
                {DELIVERY_CHANNELS[channel].label}
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>{text.quietHours}</legend>
            <label class="choice">
              <input
                type="checkbox"
                checked={Boolean(quiet)}
                onChange={(event) => change({ quiet_hours: event.currentTarget.checked ? { start: "22:00", end: "07:00", time_zone: zone } : null })}
              />
              {text.quietHoursOn}
            </label>
            {quiet && (
              <div class="times">
                <label class="field">
                  <span>{text.quietHoursFrom}</span>
                  <input class="input" type="time" value={quiet.start.slice(0, 5)} onInput={(event) => change({ quiet_hours: { ...quiet, start: event.currentTarget.value } })} />
                </label>
                <label class="field">
                  <span>{text.quietHoursTo}</span>
                  <input class="input" type="time" value={quiet.end.slice(0, 5)} onInput={(event) => change({ quiet_hours: { ...quiet, end: event.currentTarget.value } })} />
                </label>
              </div>
            )}
          </fieldset>
          <MuteField until={wishes.muted_until ?? null} change={(muted_until) => change({ muted_until })} />
          <footer>
            <span role="status">{said}</span>
            <Button kind="primary" type="submit">
              {text.save}
            </Button>
          </footer>
        </form>
      ) : loaded.isFailed ? (
        <Empty icon="warn" title={text.preferencesFailed}>
          <Button icon="retry" onClick={loaded.again}>
            {text.retry}
          </Button>
        </Empty>
      ) : (
        <Spinner label={text.loading} />
      )}
    </Dialog>
  );
}

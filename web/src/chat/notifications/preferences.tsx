// The user's default notification preferences: level, channels, quiet hours and mute.

import { unwrap } from "@wasgo/chat";
import { type Preferences as NotificationPreferences, getNotificationPreferences, putNotificationPreferences } from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Button, EmptyState, Spinner } from "../../shared/controls.tsx";
import { DELIVERY_CHANNELS, DELIVERY_CHANNEL_NAMES, NOTIFICATION_LEVELS, NOTIFICATION_LEVEL_NAMES } from "../../shared/labels/notification-options.ts";
import { text } from "../../shared/text.ts";
import { useAsync } from "../../shared/use-async.ts";
import { useSession } from "../session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { MuteField } from "./mute-field.tsx";

export function Preferences({ close }: { close: () => void }) {
  const { client } = useSession().chat;
  const loaded = useAsync<NotificationPreferences>("preferences", () => unwrap(getNotificationPreferences({ client })));
  const { data: preferences, setData: setPreferences } = loaded;
  const [status, setStatus] = useState("");
  const change = (changes: NotificationPreferences) => {
    setStatus("");
    setPreferences({ ...preferences, ...changes });
  };
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      setPreferences(await unwrap(putNotificationPreferences({ client, body: preferences ?? {} })));
      setStatus(text.saved);
    } catch {
      setStatus(text.notSaved);
    }
  };
  const quietHours = preferences?.quiet_hours;
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Dialog title={text.preferences} close={close}>
      {preferences ? (
        <form class="preferences" onSubmit={save}>
          <fieldset>
            <legend>{text.level}</legend>
            {NOTIFICATION_LEVEL_NAMES.map((level) => (
              <label key={level} class="choice">
                <input type="radio" name="level" checked={(preferences.level ?? "all") === level} onChange={() => change({ level })} />
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
                  checked={preferences.channels?.[channel] ?? true}
                  onChange={(event) => change({ channels: { ...preferences.channels, [channel]: event.currentTarget.checked } })}
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
                checked={Boolean(quietHours)}
                onChange={(event) => change({ quiet_hours: event.currentTarget.checked ? { start: "22:00", end: "07:00", time_zone: timeZone } : null })}
              />
              {text.quietHoursOn}
            </label>
            {quietHours && (
              <div class="field-pair">
                <label class="field">
                  <span>{text.quietHoursFrom}</span>
                  <input class="input" type="time" value={quietHours.start.slice(0, 5)} onInput={(event) => change({ quiet_hours: { ...quietHours, start: event.currentTarget.value } })} />
                </label>
                <label class="field">
                  <span>{text.quietHoursTo}</span>
                  <input class="input" type="time" value={quietHours.end.slice(0, 5)} onInput={(event) => change({ quiet_hours: { ...quietHours, end: event.currentTarget.value } })} />
                </label>
              </div>
            )}
          </fieldset>
          <MuteField until={preferences.muted_until ?? null} change={(muted_until) => change({ muted_until })} />
          <footer>
            <span role="status">{status}</span>
            <Button kind="primary" type="submit">
              {text.save}
            </Button>
          </footer>
        </form>
      ) : loaded.error !== undefined && !loaded.isLoading ? (
        <EmptyState icon="warn" title={text.preferencesFailed}>
          <Button icon="retry" onClick={loaded.reload}>
            {text.retry}
          </Button>
        </EmptyState>
      ) : (
        <Spinner label={text.loading} />
      )}
    </Dialog>
  );
}

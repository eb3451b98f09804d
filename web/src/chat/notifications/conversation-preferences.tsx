// What a user wants to be told of one conversation, where it is not what they want in general. Saved as it is chosen.

import { result } from "@wasgo/chat";
import {
  type PreferencesOfConversation as Wishes,
  getConversationNotificationPreferences,
  putConversationNotificationPreferences,
} from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Button, Spinner } from "../../shared/controls.tsx";
import { NOTIFICATION_LEVELS, NOTIFICATION_LEVEL_NAMES, type NotificationLevel } from "../../shared/labels/notification-options.ts";
import { text } from "../../shared/text.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { useLoaded } from "../../shared/use-async.ts";
import { MuteField } from "./mute-field.tsx";
import { useSession } from "../session.ts";

export function ConversationWishes() {
  const { client } = useSession().chat;
  const { conversation } = useOpen();
  const path = { conversation_id: conversation.id };
  const loaded = useLoaded<Wishes>(() => result(getConversationNotificationPreferences({ client, path })), [client, conversation.id]);
  const [said, setSaid] = useState("");
  const { value: wishes } = loaded;
  const change = async (more: Wishes) => {
    setSaid("");
    // The service takes all of it at once: what is not shown here stays as it was.
    const put = putConversationNotificationPreferences({ client, path, body: { ...wishes, ...more } });
    await result(put).then(
      (kept) => {
        loaded.set(kept);
        setSaid(text.saved);
      },
      () => setSaid(text.notSaved),
    );
  };
  return (
    <section class="wishes" aria-label={text.notifications}>
      <h4>{text.notifications}</h4>
      {loaded.isFailed && (
        <Button icon="retry" onClick={loaded.again}>
          {text.preferencesFailed}. {text.retry}
        </Button>
      )}
      {!wishes && !loaded.isFailed && <Spinner label={text.loading} />}
      {wishes && (
        <>
          <label class="field">
            <span>{text.level}</span>
            <select
              class="input"
              value={wishes.level ?? ""}
              onChange={(event) => void change({ level: (event.currentTarget.value || null) as NotificationLevel | null })}
            >
              <option value="">{text.defaultLevel}</option>
              {NOTIFICATION_LEVEL_NAMES.map((level) => (
                <option key={level} value={level}>
                  {NOTIFICATION_LEVELS[level]}
                </option>
              ))}
            </select>
          </label>
          <MuteField until={wishes.muted_until ?? null} change={(muted_until) => void change({ muted_until })} />
          <p role="status" class="saved">
            {said}
          </p>
        </>
      )}
    </section>
  );
}

// Notification preferences for one conversation, which override the defaults. Saved on every change.

import { unwrap } from "@wasgo/chat";
import {
  type PreferencesOfConversation,
  getConversationNotificationPreferences,
  putConversationNotificationPreferences,
} from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Button, Spinner } from "../../shared/controls.tsx";
import { NOTIFICATION_LEVELS, NOTIFICATION_LEVEL_NAMES, type NotificationLevel } from "../../shared/labels/notification-options.ts";
import { text } from "../../shared/text.ts";
import { useAsync } from "../../shared/use-async.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { useSession } from "../session.ts";
import { MuteField } from "./mute-field.tsx";

export function ConversationPreferences() {
  const { chat, mutes } = useSession();
  const { client } = chat;
  const { conversation } = useOpenConversation();
  const path = { conversation_id: conversation.id };
  const loaded = useAsync<PreferencesOfConversation>(`preferences ${conversation.id}`, () => unwrap(getConversationNotificationPreferences({ client, path })));
  const [status, setStatus] = useState("");
  const { data: preferences } = loaded;
  const hasFailed = loaded.error !== undefined && !loaded.isLoading;
  const change = async (changes: PreferencesOfConversation) => {
    setStatus("");
    // PUT replaces all preferences, so include those that are not shown here.
    const put = putConversationNotificationPreferences({ client, path, body: { ...preferences, ...changes } });
    await unwrap(put).then(
      (saved) => {
        loaded.setData(saved);
        mutes.put(conversation.id, saved.muted_until);
        setStatus(text.saved);
      },
      () => setStatus(text.notSaved),
    );
  };
  return (
    <section class="conversation-preferences" aria-label={text.notifications}>
      <h4>{text.notifications}</h4>
      {hasFailed && (
        <Button icon="retry" onClick={loaded.reload}>
          {text.preferencesFailed}. {text.retry}
        </Button>
      )}
      {!preferences && !hasFailed && <Spinner label={text.loading} />}
      {preferences && (
        <>
          <label class="field">
            <span>{text.level}</span>
            <select
              class="input"
              value={preferences.level ?? ""}
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
          <MuteField until={preferences.muted_until ?? null} change={(muted_until) => void change({ muted_until })} />
          <p role="status" class="saved">
            {status}
          </p>
        </>
      )}
    </section>
  );
}

// The tray: what the user was told of, newest first.

import type { NotificationOut } from "@wasgo/chat";
import { Avatar, nameOf } from "../../shared/avatar.tsx";
import { Button, Empty, IconButton } from "../../shared/controls.tsx";
import { NOTIFICATION_KINDS } from "../../shared/labels/notification-options.ts";
import { text } from "../../shared/text.ts";
import { briefly, whole } from "../../shared/times.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";
import { useAttempt } from "../ui/toast.tsx";

export function Notifications({ close, open, settings }: {
  close: () => void;
  open: (conversation: string) => void;
  settings: () => void;
}) {
  const { inbox } = useSession().chat;
  const attempt = useAttempt();
  const { notifications } = useStore(inbox);
  const follow = (one: NotificationOut) => {
    if (!one.is_read) attempt(inbox.markNotification(one.id), text.actionFailed.mark);
    close();
    open(one.conversation);
  };
  const isNew = notifications.some((one) => !one.is_read);
  return (
    <Dialog title={text.notifications} close={close} kind="tray" tools={<IconButton icon="settings" label={text.preferences} onClick={settings} />}>
      {isNew && (
        <Button kind="plain" onClick={() => attempt(inbox.markAllNotifications(), text.actionFailed.mark)}>
          {text.markAllRead}
        </Button>
      )}
      {notifications.length === 0 && (
        <Empty icon="bell" title={text.noNotifications}>
          <p>{text.noNotificationsHint}</p>
        </Empty>
      )}
      <ul class="told">
        {notifications.map((one) => (
          <li key={one.id}>
            <button type="button" class="notification" data-read={one.is_read} onClick={() => follow(one)}>
              <Avatar person={one.sender} />
              <span class="what">
                <span class="line">
                  <span>
                    <strong dir="auto">{nameOf(one.sender)}</strong> {NOTIFICATION_KINDS[one.kind]}
                  </span>
                  <time dateTime={one.created_at} title={whole(one.created_at)}>
                    {briefly(one.created_at)}
                  </time>
                </span>
                <span class="summary" dir="auto">{one.preview || text.sentFile}</span>
                <span class="where" dir="auto">{one.title}</span>
              </span>
              {!one.is_read && (
                <span class="dot">
                  <span class="only-read">{text.unread}</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

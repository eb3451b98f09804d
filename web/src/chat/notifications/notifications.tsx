// The tray with the user's notifications, newest first.

import type { NotificationOut } from "@wasgo/chat";
import { Avatar, displayName } from "../../shared/avatar.tsx";
import { Button, EmptyState, IconButton } from "../../shared/controls.tsx";
import { NOTIFICATION_KINDS } from "../../shared/labels/notification-options.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { formatDateTime, formatShortDate } from "../../shared/times.ts";
import { useSession } from "../session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useActionWithToast } from "../ui/toast.tsx";

export function Notifications({ close, open, settings }: {
  close: () => void;
  open: (conversation: string, message: string) => void;
  settings: () => void;
}) {
  const { inbox } = useSession().chat;
  const run = useActionWithToast();
  const { notifications } = useStore(inbox);
  const openNotification = (notification: NotificationOut) => {
    if (!notification.is_read) run(inbox.markNotificationRead(notification.id), text.actionFailed.mark);
    close();
    open(notification.conversation, notification.message_id);
  };
  const hasUnread = notifications.some((notification) => !notification.is_read);
  return (
    <Dialog title={text.notifications} close={close} kind="tray" tools={<IconButton icon="settings" label={text.preferences} onClick={settings} />}>
      {hasUnread && (
        <Button kind="plain" onClick={() => run(inbox.markAllNotificationsRead(), text.actionFailed.mark)}>
          {text.markAllRead}
        </Button>
      )}
      {notifications.length === 0 && (
        <EmptyState icon="bell" title={text.noNotifications}>
          <p>{text.noNotificationsHint}</p>
        </EmptyState>
      )}
      <ul class="notifications">
        {notifications.map((notification) => (
          <li key={notification.id}>
            <button type="button" class="notification" data-read={notification.is_read} onClick={() => openNotification(notification)}>
              <Avatar user={notification.sender} />
              <span class="row-content">
                <span class="line">
                  <span>
                    <strong dir="auto">{displayName(notification.sender)}</strong> {NOTIFICATION_KINDS[notification.kind]}
                  </span>
                  <time dateTime={notification.created_at} title={formatDateTime(notification.created_at)}>
                    {formatShortDate(notification.created_at)}
                  </time>
                </span>
                <span class="summary" dir="auto">{notification.preview || text.sentFile}</span>
                <span class="conversation-name" dir="auto">{notification.title}</span>
              </span>
              {!notification.is_read && (
                <span class="dot">
                  <span class="visually-hidden">{text.unread}</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

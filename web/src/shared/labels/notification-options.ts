import type { NotificationOut } from "@wasgo/chat";
import type { DeliveryOut, Preferences } from "@wasgo/chat/rest";

export type NotificationLevel = NonNullable<Preferences["level"]>;
export type DeliveryChannel = DeliveryOut["channel"];

export const NOTIFICATION_LEVELS: Readonly<Record<NotificationLevel, string>> = {
  all: "All messages",
  mentions: "Mentions and replies only",
  none: "Nothing",
};

export const NOTIFICATION_LEVEL_NAMES = Object.keys(NOTIFICATION_LEVELS) as readonly NotificationLevel[];

/** `label` for users; `operatorLabel` for operators. */
export const DELIVERY_CHANNELS: Readonly<Record<DeliveryChannel, { readonly label: string; readonly operatorLabel: string }>> = {
  email: { label: "E-mail", operatorLabel: "E-mail" },
  push: { label: "Push", operatorLabel: "Push" },
  webhook: { label: "Through the marketplace", operatorLabel: "Webhook" },
};

export const DELIVERY_CHANNEL_NAMES = Object.keys(DELIVERY_CHANNELS) as readonly DeliveryChannel[];

/** Follows the name of the sender. */
export const NOTIFICATION_KINDS: Readonly<Record<NotificationOut["kind"], string>> = {
  message: "sent a message",
  reply: "replied to you",
  mention: "mentioned you",
};

import type { NotificationOut } from "@wasgo/chat";
import type { DeliveryOut, Preferences } from "@wasgo/chat/rest";
import { text } from "../text.ts";

export type NotificationLevel = NonNullable<Preferences["level"]>;
export type DeliveryChannel = DeliveryOut["channel"];

export const NOTIFICATION_LEVELS: Readonly<Record<NotificationLevel, string>> = text.levels;

export const NOTIFICATION_LEVEL_NAMES = Object.keys(NOTIFICATION_LEVELS) as readonly NotificationLevel[];

/** `label` for users; `operatorLabel` for operators. */
export const DELIVERY_CHANNELS: Readonly<Record<DeliveryChannel, { readonly label: string; readonly operatorLabel: string }>> = {
  email: { label: text.deliveryChannels.email, operatorLabel: "E-mail" },
  push: { label: text.deliveryChannels.push, operatorLabel: "Push" },
  webhook: { label: text.deliveryChannels.webhook, operatorLabel: "Webhook" },
};

export const DELIVERY_CHANNEL_NAMES = Object.keys(DELIVERY_CHANNELS) as readonly DeliveryChannel[];

/** Follows the name of the sender. */
export const NOTIFICATION_KINDS: Readonly<Record<NotificationOut["kind"], string>> = text.notificationKinds;

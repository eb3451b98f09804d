import type { MessageOut } from "@wasgo/chat";
import { text } from "../text.ts";

export type MessageType = MessageOut["message_type"];

/** What stands for a message of this type that has no text. */
export const MESSAGE_TYPES: Readonly<Record<MessageType, string>> = text.messageTypes;

export function isMessageType(value: string): value is MessageType {
  return Object.hasOwn(MESSAGE_TYPES, value);
}

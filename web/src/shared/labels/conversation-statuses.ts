import type { ConversationOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";
import { text } from "../text.ts";

type ConversationStatus = ConversationOut["status"];

export const CONVERSATION_STATUSES: Readonly<Record<ConversationStatus, { readonly label: string; readonly tone: BadgeTone }>> = {
  open: { label: text.statuses.open, tone: "green" },
  closed: { label: text.statuses.closed, tone: "neutral" },
};

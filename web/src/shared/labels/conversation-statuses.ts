import type { ConversationOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";

type ConversationStatus = ConversationOut["status"];

export const CONVERSATION_STATUSES: Readonly<Record<ConversationStatus, { readonly label: string; readonly tone: BadgeTone }>> = {
  open: { label: "Open", tone: "green" },
  closed: { label: "Closed", tone: "neutral" },
};

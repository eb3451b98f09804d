// The conversation types: to add one, add its row here. The order is that of the filters above the list.

import type { ConversationOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";
import type { IconName } from "../icons.tsx";

export type ConversationType = ConversationOut["conversation_type"];

interface ConversationTypeLabel {
  readonly label: string;
  readonly plural: string;
  /** Stands before the id of a reference, where it differs from `label`. */
  readonly referenceLabel?: string;
  readonly icon: IconName;
  readonly tone: BadgeTone;
}

export const CONVERSATION_TYPES: Readonly<Record<ConversationType, ConversationTypeLabel>> = {
  direct: { label: "Direct", plural: "Direct", icon: "chat", tone: "neutral" },
  job: { label: "Job", plural: "Jobs", icon: "briefcase", tone: "teal" },
  bid: { label: "Bid", plural: "Bids", icon: "tag", tone: "amber" },
  request: { label: "Request", plural: "Requests", icon: "search", tone: "blue" },
  support: { label: "Support", plural: "Support", referenceLabel: "Case", icon: "help", tone: "violet" },
  dispute: { label: "Dispute", plural: "Disputes", icon: "scales", tone: "red" },
};

export const CONVERSATION_TYPE_NAMES = Object.keys(CONVERSATION_TYPES) as readonly ConversationType[];

/** The label of a reference's type, which the platform may have made up itself. */
export function referenceLabel(type: string): string {
  const known: Partial<Record<string, ConversationTypeLabel>> = CONVERSATION_TYPES;
  return known[type]?.referenceLabel ?? known[type]?.label ?? type;
}

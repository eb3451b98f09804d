// The conversation types: to add one, add its row here and its labels to the locales. The order is that of the filters above the list.

import type { ConversationOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";
import type { IconName } from "../icons.tsx";
import { text } from "../text.ts";

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
  direct: { label: text.conversationTypes.direct, plural: text.conversationTypesPlural.direct, icon: "chat", tone: "neutral" },
  job: { label: text.conversationTypes.job, plural: text.conversationTypesPlural.job, icon: "briefcase", tone: "teal" },
  bid: { label: text.conversationTypes.bid, plural: text.conversationTypesPlural.bid, icon: "tag", tone: "amber" },
  request: { label: text.conversationTypes.request, plural: text.conversationTypesPlural.request, icon: "search", tone: "blue" },
  support: { label: text.conversationTypes.support, plural: text.conversationTypesPlural.support, referenceLabel: text.supportCase, icon: "help", tone: "violet" },
  dispute: { label: text.conversationTypes.dispute, plural: text.conversationTypesPlural.dispute, icon: "scales", tone: "red" },
};

export const CONVERSATION_TYPE_NAMES = Object.keys(CONVERSATION_TYPES) as readonly ConversationType[];

/** The label of a reference's type, which the platform may have made up itself. */
export function referenceLabel(type: string): string {
  const known: Partial<Record<string, ConversationTypeLabel>> = CONVERSATION_TYPES;
  return known[type]?.referenceLabel ?? known[type]?.label ?? type;
}

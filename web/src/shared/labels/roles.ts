// The roles of a participant, in ascending order of rights.

import type { ParticipantOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";
import { text } from "../text.ts";

export type Role = ParticipantOut["role"];

interface RoleLabel {
  readonly label: string;
  readonly tone: BadgeTone;
}

export const ROLES: Readonly<Record<Role, RoleLabel>> = {
  observer: { label: text.roles.observer, tone: "neutral" },
  participant: { label: text.roles.participant, tone: "neutral" },
  moderator: { label: text.roles.moderator, tone: "violet" },
  admin: { label: text.roles.admin, tone: "teal" },
};

const RANKED = Object.keys(ROLES);

/** Whether `role` has at least the rights of `minimum`. */
export function isAtLeast(role: Role | undefined, minimum: Role): boolean {
  return role !== undefined && RANKED.indexOf(role) >= RANKED.indexOf(minimum);
}

// The roles of a participant, in ascending order of rights.

import type { ParticipantOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";

export type Role = ParticipantOut["role"];

interface RoleLabel {
  readonly label: string;
  readonly tone: BadgeTone;
}

export const ROLES: Readonly<Record<Role, RoleLabel>> = {
  observer: { label: "Observer", tone: "neutral" },
  participant: { label: "Participant", tone: "neutral" },
  moderator: { label: "Moderator", tone: "violet" },
  admin: { label: "Admin", tone: "teal" },
};

const RANKED = Object.keys(ROLES);

/** Whether `role` has at least the rights of `minimum`. */
export function isAtLeast(role: Role | undefined, minimum: Role): boolean {
  return role !== undefined && RANKED.indexOf(role) >= RANKED.indexOf(minimum);
}

// The roles of a participant, in ascending order of rights. To add one, add its label to the locales in that order.

import type { ParticipantOut } from "@wasgo/chat";
import type { BadgeTone } from "../controls.tsx";
import { en } from "../locales/en.ts";
import { text } from "../text.ts";

export type Role = ParticipantOut["role"];

interface RoleLabel {
  readonly label: string;
  readonly tone: BadgeTone;
}

const RANKED = Object.keys(en.roles) as readonly Role[];

/** Roles that stand out in the list of members. */
const TONES: Readonly<Partial<Record<Role, BadgeTone>>> = { moderator: "violet", admin: "teal" };

export const ROLES = Object.fromEntries(
  RANKED.map((role) => [role, { label: text.roles[role], tone: TONES[role] ?? "neutral" }]),
) as Readonly<Record<Role, RoleLabel>>;

/** Whether `role` has at least the rights of `minimum`. */
export function isAtLeast(role: Role | undefined, minimum: Role): boolean {
  return role !== undefined && RANKED.indexOf(role) >= RANKED.indexOf(minimum);
}

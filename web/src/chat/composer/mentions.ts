// Mentions: which members a typed `@…` may mean, and which ones a finished text mentions.

import type { ParticipantOut } from "@wasgo/chat";
import { type UserLike, displayName } from "../../shared/avatar.tsx";

/** The `@…` that is being typed. */
export interface MentionQuery {
  /** The index of the `@`. */
  readonly start: number;
  readonly query: string;
}

const MAX_QUERY_CHARS = 60;
const MAX_SUGGESTIONS = 6;
const WORD = /[\p{L}\p{N}_]/u;

/** The same for names that differ only in case and accents. */
function fold(name: string): string {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** An `@` inside a word is part of an e-mail address. */
function startsMention(content: string, at: number): boolean {
  return content[at] === "@" && !WORD.test(content[at - 1] ?? "");
}

export function mentionQuery(content: string, caret: number): MentionQuery | undefined {
  const start = content.lastIndexOf("@", caret - 1);
  if (start < 0 || caret - start > MAX_QUERY_CHARS || !startsMention(content, start)) return undefined;
  const query = content.slice(start + 1, caret);
  return query.includes("\n") || query.startsWith(" ") ? undefined : { start, query };
}

/** The members whose name, a word of it, or username begins with the query. */
export function suggestMembers(participants: readonly ParticipantOut[], query: string, me: string): readonly UserLike[] {
  const wanted = fold(query);
  const matches = ({ display_name, username }: UserLike) => {
    const name = fold(display_name || username);
    return name.startsWith(wanted) || name.split(/\s+/).some((word) => word.startsWith(wanted)) || fold(username).startsWith(wanted);
  };
  return participants
    .map(({ user }) => user)
    .filter((user) => user.id !== me && matches(user))
    .toSorted((one, other) => displayName(one).localeCompare(displayName(other)))
    .slice(0, MAX_SUGGESTIONS);
}

/**
 * The ids that a text mentions. A name stands for the user that was chosen from the suggestions; a name typed by hand counts
 * if only one member has it. The longest name wins: "@Bo Chen" does not mention "Bo".
 */
export function mentionedIds(content: string, chosen: readonly UserLike[], participants: readonly ParticipantOut[], me: string): readonly string[] {
  const owners = new Map<string, Set<string>>();
  for (const { user } of participants) {
    for (const label of [displayName(user), user.username]) {
      if (user.id !== me && label) owners.set(fold(label), (owners.get(fold(label)) ?? new Set()).add(user.id));
    }
  }
  const labels = [...owners.keys()].toSorted((one, other) => other.length - one.length);
  const unused = [...chosen];
  const ids = new Set<string>();
  for (let at = content.indexOf("@"); at >= 0; at = content.indexOf("@", at + 1)) {
    if (!startsMention(content, at)) continue;
    const text = fold(content.slice(at + 1));
    const label = labels.find((one) => text.startsWith(one) && !WORD.test(text[one.length] ?? ""));
    if (label === undefined) continue;
    const choice = unused.findIndex((user) => fold(displayName(user)) === label);
    const [user] = choice < 0 ? [] : unused.splice(choice, 1);
    const [owner, ...others] = owners.get(label) ?? [];
    if (user) ids.add(user.id);
    else if (owner && others.length === 0) ids.add(owner);
  }
  return [...ids];
}

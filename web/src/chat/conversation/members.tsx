// The members of a conversation with their roles: those who are online first, and a search where there are many.

import type { ParticipantOut, Presence } from "@wasgo/chat";
import { useState } from "preact/hooks";
import { Avatar, displayName } from "../../shared/avatar.tsx";
import { Badge } from "../../shared/controls.tsx";
import { ROLES } from "../../shared/labels/roles.ts";
import { LOCALE, text } from "../../shared/text.ts";

const MIN_MEMBERS_TO_SEARCH = 15;
/** In natural order: "Person 2" before "Person 10". */
const NAMES = new Intl.Collator(LOCALE, { numeric: true, sensitivity: "base" });

export function Members({ participants, presence, me }: { participants: readonly ParticipantOut[]; presence: ReadonlyMap<string, Presence>; me: string }) {
  const [search, setSearch] = useState("");
  const query = search.trim().toLowerCase();
  const isOnline = (id: string) => id === me || (presence.get(id)?.online ?? false);
  const shown = participants
    .filter(({ user }) => `${displayName(user)} ${user.username}`.toLowerCase().includes(query))
    .toSorted((one, other) => Number(isOnline(other.user.id)) - Number(isOnline(one.user.id)) || NAMES.compare(displayName(one.user), displayName(other.user)));
  return (
    <section>
      <h4>{text.members(participants.length)}</h4>
      {participants.length >= MIN_MEMBERS_TO_SEARCH && (
        <input type="search" class="input member-search" dir="auto" value={search} placeholder={text.searchMembers} aria-label={text.searchMembers} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      {shown.length === 0 && <p class="soft">{text.noMembers}</p>}
      <ul class="members">
        {shown.map(({ user, role }) => (
          <li key={user.id}>
            <Avatar user={user} size="small" isOnline={isOnline(user.id)} />
            <span class="name" title={displayName(user)}>
              <bdi>{displayName(user)}</bdi>
              {user.id === me && <span class="soft"> ({text.you})</span>}
              <span class="visually-hidden">{isOnline(user.id) ? text.online : text.offline}</span>
            </span>
            <Badge>{ROLES[role].label}</Badge>
          </li>
        ))}
      </ul>
    </section>
  );
}

// The suggestions for an `@…` in the text field. The focus stays in the field; arrow keys move through the suggestions.

import type { RefObject } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { Avatar, type UserLike, displayName } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { type MentionQuery, mentionQuery, suggestMembers } from "./mentions.ts";

export interface MentionMenuState {
  readonly listId: string;
  readonly users: readonly UserLike[];
  readonly active: number;
  readonly activeId: string | undefined;
  /** Call it when the text or the position of the caret has changed. */
  update(): void;
  close(): void;
  choose(user: UserLike): void;
  /** Returns whether the key was for the menu. */
  onKeyDown(event: KeyboardEvent): boolean;
}

export function useMentionMenu(
  field: RefObject<HTMLTextAreaElement | null>,
  isEnabled: boolean,
  replace: (query: MentionQuery, user: UserLike) => void,
): MentionMenuState {
  const { state, me } = useOpenConversation();
  const listId = useId();
  const [query, setQuery] = useState<MentionQuery>();
  const [active, setActive] = useState(0);
  /** The `@` whose suggestions the user has closed. */
  const [closedAt, setClosedAt] = useState<number>();
  const isOpen = isEnabled && query !== undefined && query.start !== closedAt;
  const users = isOpen ? suggestMembers(state.participants, query.query, me) : [];
  useEffect(() => setActive(0), [query?.query]);
  const update = () => {
    const { value = "", selectionStart = 0 } = field.current ?? {};
    const next = mentionQuery(value, selectionStart);
    if (next?.start !== query?.start || next?.query !== query?.query) setQuery(next);
    if (next?.start !== closedAt) setClosedAt(undefined);
  };
  const choose = (user: UserLike) => {
    if (query) replace(query, user);
    setQuery(undefined);
  };
  const close = () => setClosedAt(query?.start);
  const onKeyDown = (event: KeyboardEvent) => {
    const user = users[active];
    if (!user || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setActive((active + step + users.length) % users.length);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") choose(user);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  };
  return { listId, users, active, activeId: users[active] ? `${listId}-${active}` : undefined, update, close, choose, onKeyDown };
}

export function MentionMenu({ menu }: { menu: MentionMenuState }) {
  const { users, active, listId } = menu;
  return (
    <>
      {users.length > 0 && (
        <div class="mention-menu" role="listbox" id={listId} aria-label={text.mentionList}>
          {users.map((user, at) => (
            <button
              key={user.id}
              type="button"
              tabIndex={-1}
              id={`${listId}-${at}`}
              role="option"
              aria-selected={at === active}
              // Keeps the focus in the field.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => menu.choose(user)}
            >
              <Avatar user={user} size="small" />
              <bdi class="name">{displayName(user)}</bdi>
              {user.username !== displayName(user) && <bdi class="soft">{user.username}</bdi>}
            </button>
          ))}
        </div>
      )}
      <span class="visually-hidden" role="status">
        {users.length > 0 ? text.mentionCount(users.length) : ""}
      </span>
    </>
  );
}

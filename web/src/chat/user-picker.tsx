// Sign-in: the choice of a demo user, or a form for a token where there are no demo users.

import { decodeToken } from "@wasgo/chat";
import { useState } from "preact/hooks";
import { Avatar, firstName } from "../shared/avatar.tsx";
import { Button, IconButton } from "../shared/controls.tsx";
import type { DemoUser } from "../shared/demo.ts";
import { useRerender } from "../shared/store.ts";
import { text } from "../shared/text.ts";
import { currentTheme, saveTheme } from "../shared/theme.ts";

export function UserPicker({ users, choose, useToken }: { users: readonly DemoUser[]; choose: (ids: readonly string[]) => void; useToken: () => void }) {
  const rerender = useRerender();
  const isDark = currentTheme() === "dark";
  return (
    <main class="user-picker">
      <IconButton
        icon={isDark ? "sun" : "moon"}
        label={isDark ? text.themeLight : text.themeDark}
        class="theme"
        onClick={() => {
          saveTheme(isDark ? "light" : "dark");
          rerender();
        }}
      />
      <img class="mark" src={new URL("../shared/icon.svg", import.meta.url).href} alt="" />
      <h1>{text.chooseTitle}</h1>
      <p>{text.chooseHint}</p>
      <ul>
        {users.map((user) => (
          <li key={user.id}>
            <button type="button" class="user-button" onClick={() => choose([user.id])}>
              <Avatar user={user} size="large" />
              <span class="name" dir="auto">{user.display_name}</span>
              <span class="about" dir="auto">{user.about}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <Button kind="primary" icon="columns" onClick={() => choose(users.slice(0, 2).map((user) => user.id))}>
          {text.chooseTwo(users.slice(0, 2).map(firstName))}
        </Button>
        <Button icon="lock" onClick={useToken}>
          {text.tokenTitle}
        </Button>
        <a class="button quiet" href="/operator">
          {text.operator}
        </a>
      </div>
    </main>
  );
}

export function TokenForm({ signIn }: { signIn: (user: DemoUser) => void }) {
  const [token, setToken] = useState("");
  const [isInvalid, setIsInvalid] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      const { subject: id, name } = decodeToken(token.trim());
      signIn({ id, username: id, display_name: name ?? id, avatar_url: null, is_staff: false, about: "", token: token.trim() });
    } catch {
      setIsInvalid(true);
    }
  };
  return (
    <main class="user-picker">
      <h1>{text.tokenTitle}</h1>
      <p>{text.tokenHint}</p>
      <form onSubmit={submit} class="token-form">
        <label class="field">
          <span>{text.token}</span>
          <input class="input" type="password" autocomplete="off" spellcheck={false} value={token} onInput={(event) => setToken(event.currentTarget.value)} aria-invalid={isInvalid} />
        </label>
        {isInvalid && <p role="alert" class="error">{text.tokenInvalid}</p>}
        <Button kind="primary" type="submit">{text.signIn}</Button>
      </form>
    </main>
  );
}

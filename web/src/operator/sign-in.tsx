// Before anything else: somebody of the staff. In `dev` there is one to be; elsewhere a token is pasted.

import { readToken } from "@wasgo/chat";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { Button } from "../shared/controls.tsx";
import { type DemoUser, demoUsers } from "../shared/demo.ts";
import type { Operator } from "./session.ts";
import { operatorText } from "./text.ts";

export function SignIn({ why, signIn }: { why: string | undefined; signIn: (operator: Operator) => void }) {
  const [staff, setStaff] = useState<readonly DemoUser[]>([]);
  const [token, setToken] = useState("");
  const [isBad, setIsBad] = useState(false);
  useEffect(() => void demoUsers().then((users) => setStaff(users.filter((user) => user.is_staff))), []);
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      const id = readToken(token.trim()).subject;
      signIn({ id, username: id, display_name: null, token: token.trim() });
    } catch {
      setIsBad(true);
    }
  };
  return (
    <main class="sign-in">
      <img class="mark" src={new URL("../shared/icon.svg", import.meta.url).href} alt="" />
      <h1>{operatorText.signInTitle}</h1>
      <p class="soft">{operatorText.signInHint}</p>
      {why && <p role="alert" class="error">{why}</p>}
      {staff.map((user) => (
        <button key={user.id} type="button" class="person" onClick={() => signIn(user)}>
          <Avatar person={user} />
          <span>{operatorText.continueAs(user.display_name)}</span>
        </button>
      ))}
      <form onSubmit={submit}>
        <label class="field">
          <span>{operatorText.token}</span>
          <input
            class="input"
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={token}
            aria-invalid={isBad}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {isBad && <p role="alert" class="error">{operatorText.tokenInvalid}</p>}
        <Button kind={staff.length ? "quiet" : "primary"} type="submit">{operatorText.signIn}</Button>
      </form>
    </main>
  );
}

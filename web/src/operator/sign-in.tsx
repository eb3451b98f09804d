// Sign-in of a staff user: `wasgo-chat dev` offers demo staff users; otherwise a token is pasted.

import { decodeToken } from "@wasgo/chat";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { Button } from "../shared/controls.tsx";
import { type DemoUser, demoUsersOrNone } from "../shared/demo.ts";
import type { Operator } from "./session.ts";
import { operatorText } from "./text.ts";

export function SignIn({ reason, signIn }: { reason: string | undefined; signIn: (operator: Operator) => void }) {
  const [staff, setStaff] = useState<readonly DemoUser[]>([]);
  const [token, setToken] = useState("");
  const [isInvalid, setIsInvalid] = useState(false);
  useEffect(() => void demoUsersOrNone().then((users) => setStaff(users.filter((user) => user.is_staff))), []);
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      const id = decodeToken(token.trim()).subject;
      signIn({ id, username: id, display_name: null, token: token.trim() });
    } catch {
      setIsInvalid(true);
    }
  };
  return (
    <main class="sign-in">
      <img class="mark" src={new URL("../shared/icon.svg", import.meta.url).href} alt="" />
      <h1>{operatorText.signInTitle}</h1>
      <p class="soft">{operatorText.signInHint}</p>
      {reason && <p role="alert" class="error">{reason}</p>}
      {staff.map((user) => (
        <button key={user.id} type="button" class="user-button" onClick={() => signIn(user)}>
          <Avatar user={user} />
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
            aria-invalid={isInvalid}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {isInvalid && <p role="alert" class="error">{operatorText.tokenInvalid}</p>}
        <Button kind={staff.length ? "quiet" : "primary"} type="submit">{operatorText.signIn}</Button>
      </form>
    </main>
  );
}

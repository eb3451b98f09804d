// The whole page: who to be, and one side or two, each with a client of its own.

import { useEffect, useState } from "preact/hooks";
import { Spinner } from "../shared/controls.tsx";
import { type DemoUser, demoUsers } from "../shared/demo.ts";
import { text } from "../shared/text.ts";
import { type Side, useAddress } from "./address.ts";
import { Chooser, TokenForm } from "./chooser.tsx";
import { Pane } from "./pane.tsx";

export function App() {
  const [users, setUsers] = useState<readonly DemoUser[]>();
  const [sides, go] = useAddress();
  useEffect(() => {
    void demoUsers().then(setUsers);
  }, []);
  if (!users) {
    return (
      <main class="empty">
        <Spinner label={text.loading} />
      </main>
    );
  }
  const shown = sides.filter((side) => users.some((user) => user.id === side.user)).slice(0, 2);
  if (users.length === 0) return <TokenForm signIn={(user) => setUsers([user])} />;
  if (shown.length === 0 && users.length > 1) return <Chooser users={users} choose={(ids) => go(ids.map((user) => ({ user, conversation: undefined })))} />;
  const open: readonly Side[] = shown.length > 0 ? shown : [{ user: users[0]?.id ?? "", conversation: undefined }];
  const change = (at: number, side: Side | undefined) => go(open.flatMap((one, index) => (index !== at ? one : (side ?? []))));
  const addable = users.find((user) => !open.some((side) => side.user === user.id));
  return (
    <main class="sides" data-count={open.length}>
      <h1 class="only-read">{text.product}</h1>
      {open.map((side, at) => (
        <Pane
          key={side.user}
          user={users.find((user) => user.id === side.user) as DemoUser}
          others={users.filter((user) => !open.some((one) => one.user === user.id))}
          conversationId={side.conversation}
          open={(conversation) => change(at, { ...side, conversation })}
          become={(user) => change(at, { user, conversation: undefined })}
          {...(open.length > 1 ? { close: () => change(at, undefined) } : {})}
          {...(open.length === 1 && addable ? { add: () => go([...open, { user: addable.id, conversation: side.conversation }]) } : {})}
        />
      ))}
    </main>
  );
}

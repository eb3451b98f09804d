// The whole page: who to be, and one side or two, each with a client of its own.

import { Button, Empty, Spinner } from "../shared/controls.tsx";
import { type DemoUser, askForDemoUsers } from "../shared/demo.ts";
import { text } from "../shared/text.ts";
import { type Side, useAddress } from "./router.ts";
import { Chooser, TokenForm } from "./user-picker.tsx";
import { useLoaded } from "../shared/use-async.ts";
import { Pane } from "./pane.tsx";
import { useEvent } from "../shared/store.ts";

/** Dropped beside a conversation that takes it, a file would be opened by the browser, in place of this page. */
function refuseFiles(event: Event): void {
  const { dataTransfer } = event as DragEvent;
  if (event.defaultPrevented || !dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  dataTransfer.dropEffect = "none";
}

export function App() {
  const loaded = useLoaded(askForDemoUsers, []);
  const { value: users, set: setUsers } = loaded;
  const [sides, go] = useAddress();
  useEvent(window, "dragover", refuseFiles);
  useEvent(window, "drop", refuseFiles);
  if (!users) {
    return (
      <main class="empty">
        {loaded.isFailed ? (
          <Empty icon="warn" title={text.unreachable}>
            <p>{text.unreachableHint}</p>
            <Button icon="retry" onClick={loaded.again}>
              {text.retry}
            </Button>
          </Empty>
        ) : (
          <Spinner label={text.loading} />
        )}
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
          // Who pasted a token is no demo user, and has nothing to choose from.
          leave={() => (users.some((user) => user.about) ? change(at, undefined) : setUsers([]))}
          become={(user) => change(at, { user, conversation: undefined })}
          {...(open.length > 1 ? { close: () => change(at, undefined) } : {})}
          {...(open.length === 1 && addable ? { add: () => go([...open, { user: addable.id, conversation: side.conversation }]) } : {})}
        />
      ))}
    </main>
  );
}

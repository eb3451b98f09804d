// The chat page: the choice of a user, and one or two panes, each with its own client.

import { Button, EmptyState, Spinner } from "../shared/controls.tsx";
import { type DemoUser, fetchUsers, forgetPasted, isPasted, keepPasted } from "../shared/demo.ts";
import { useEvent } from "../shared/store.ts";
import { text } from "../shared/text.ts";
import { useAsync } from "../shared/use-async.ts";
import { Pane } from "./pane.tsx";
import { type PaneRoute, useRoute } from "./router.ts";
import { TokenForm, UserPicker } from "./user-picker.tsx";

/** Without this the browser would leave the page and open a file that is dropped outside a conversation. */
function ignoreDroppedFiles(event: Event): void {
  const { dataTransfer } = event as DragEvent;
  if (event.defaultPrevented || !dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  dataTransfer.dropEffect = "none";
}

export function App() {
  const loaded = useAsync("users", fetchUsers);
  const { data: users, setData: setUsers } = loaded;
  const [routes, navigate] = useRoute();
  useEvent(window, "dragover", ignoreDroppedFiles);
  useEvent(window, "drop", ignoreDroppedFiles);
  if (!users) {
    return (
      <main class="empty">
        {loaded.error !== undefined && !loaded.isLoading ? (
          <EmptyState icon="warn" title={text.unreachable}>
            <p>{text.unreachableHint}</p>
            <Button icon="retry" onClick={loaded.reload}>
              {text.retry}
            </Button>
          </EmptyState>
        ) : (
          <Spinner label={text.loading} />
        )}
      </main>
    );
  }
  const signIn = (user: DemoUser) => {
    keepPasted(user);
    setUsers([user]);
  };
  const signOut = () => {
    forgetPasted();
    setUsers([]);
    loaded.reload();
  };
  const useToken = () => setUsers([]);
  if (users.length === 0) return <TokenForm signIn={signIn} />;
  const knownRoutes = routes.filter((route) => users.some((user) => user.id === route.user)).slice(0, 2);
  // A link that was passed on names no user.
  const { conversation, message } = routes.find((route) => route.user === "") ?? {};
  if (knownRoutes.length === 0 && users.length > 1) return <UserPicker users={users} choose={(ids) => navigate(ids.map((user) => ({ user, conversation, message })))} useToken={useToken} />;
  const openRoutes: readonly PaneRoute[] = knownRoutes.length > 0 ? knownRoutes : [{ user: users[0]?.id ?? "", conversation, message }];
  const change = (at: number, route: PaneRoute | undefined) => navigate(openRoutes.flatMap((other, index) => (index !== at ? other : (route ?? []))));
  const addable = users.find((user) => !openRoutes.some((route) => route.user === user.id));
  return (
    <main class="panes" data-count={openRoutes.length}>
      <h1 class="visually-hidden">{text.product}</h1>
      {openRoutes.map((route, at) => (
        <Pane
          key={route.user}
          user={users.find((user) => user.id === route.user) as DemoUser}
          others={users.filter((user) => !openRoutes.some((route) => route.user === user.id))}
          conversationId={route.conversation}
          messageId={route.message}
          open={(conversation, message) => change(at, { ...route, conversation, message })}
          // A user with a pasted token is not a demo user and has no list to go back to.
          signOut={() => (users.some(isPasted) ? signOut() : change(at, undefined))}
          switchUser={(user) => change(at, { user, conversation: undefined })}
          {...(openRoutes.length > 1 ? { close: () => change(at, undefined) } : {})}
          {...(openRoutes.length === 1 && addable ? { add: () => navigate([...openRoutes, { user: addable.id, conversation: route.conversation }]) } : {})}
        />
      ))}
    </main>
  );
}

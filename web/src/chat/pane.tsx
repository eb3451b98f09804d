// One user's side of the page: their list, and the conversation that is open. Narrow, it shows one of the two.

import { useRef, useState } from "preact/hooks";
import { Button, Empty, Spinner } from "../shared/controls.tsx";
import type { DemoUser } from "../shared/demo.ts";
import { text } from "../shared/text.ts";
import { Banner } from "./connection-banner.tsx";
import { ConversationView } from "./conversation/conversation.tsx";
import { Notifications } from "./notifications/notifications.tsx";
import { useFocusBack, usePaneKeys } from "./pane-keys.ts";
import { Preferences } from "./notifications/preferences.tsx";
import { SessionProvider, useSession, useStartedSession } from "./session.ts";
import { Shortcuts } from "./shortcuts.tsx";
import { Sidebar } from "./conversation-list/sidebar.tsx";
import { Toast, ToastProvider } from "./ui/toast.tsx";

export interface PaneProps {
  readonly user: DemoUser;
  /** Whom this side could become. */
  readonly others: readonly DemoUser[];
  readonly conversationId: string | undefined;
  open(conversation: string | undefined): void;
  become(user: string): void;
  /** Signed out: to where one signs in. */
  leave(): void;
  close?(): void;
  add?(): void;
}

type Panel = "notifications" | "preferences" | "shortcuts" | undefined;

export function Pane(props: PaneProps) {
  const { user, leave } = props;
  const [started, restart] = useStartedSession(user);
  if (typeof started === "object") {
    return (
      <SessionProvider value={started}>
        <ToastProvider>
          <Side {...props} />
        </ToastProvider>
      </SessionProvider>
    );
  }
  return (
    <section class="pane" aria-label={text.paneOf(user.display_name)}>
      {started === "starting" && (
        <div class="empty">
          <Spinner label={text.loading} />
        </div>
      )}
      {started === "failed" && (
        <Empty icon="warn" title={text.unreachable}>
          <p>{text.unreachableHint}</p>
          <Button icon="retry" onClick={restart}>
            {text.retry}
          </Button>
        </Empty>
      )}
      {started === "signed-out" && (
        <Empty icon="lock" title={text.signedOut}>
          <p>{text.signedOutHint}</p>
          <Button kind="primary" onClick={leave}>
            {text.signInAgain}
          </Button>
        </Empty>
      )}
    </section>
  );
}

function Side(props: PaneProps) {
  const { user, conversationId, open } = props;
  const { chat } = useSession();
  const [panel, setPanel] = useState<Panel>();
  // Counts what was opened: the same conversation may be opened again, and wants the focus then.
  const [arrival, setArrival] = useState(0);
  const element = useRef<HTMLElement>(null);
  const enter = (conversation: string | undefined) => {
    setArrival((before) => before + 1);
    open(conversation);
  };
  usePaneKeys(element, conversationId, enter);
  useFocusBack(element, conversationId);
  return (
    <section class="pane" ref={element} aria-label={text.paneOf(user.display_name)} data-view={conversationId ? "chat" : "list"}>
      <Banner chat={chat} />
      <div class="halves">
        <Sidebar {...props} open={enter} show={setPanel} />
        {conversationId ? (
          <ConversationView key={conversationId} id={conversationId} arrival={arrival} back={() => open(undefined)} />
        ) : (
          <div class="chat nothing">
            <Empty icon="chat" title={text.noneSelected}>
              <p>{text.noneSelectedHint}</p>
            </Empty>
          </div>
        )}
        <Toast />
      </div>
      {panel === "notifications" && <Notifications close={() => setPanel(undefined)} open={enter} settings={() => setPanel("preferences")} />}
      {panel === "preferences" && <Preferences close={() => setPanel(undefined)} />}
      {panel === "shortcuts" && <Shortcuts close={() => setPanel(undefined)} />}
    </section>
  );
}

// One user's pane: their conversation list and the open conversation. A narrow pane shows one of the two.

import { useRef, useState } from "preact/hooks";
import { Button, EmptyState, Spinner } from "../shared/controls.tsx";
import { useStore } from "../shared/store.ts";
import { text } from "../shared/text.ts";
import { ConnectionBanner } from "./connection-banner.tsx";
import { Sidebar } from "./conversation-list/sidebar.tsx";
import { ConversationView } from "./conversation/conversation.tsx";
import { Notifications } from "./notifications/notifications.tsx";
import { Preferences } from "./notifications/preferences.tsx";
import { usePaneKeys, useRestoreFocus } from "./pane-keys.ts";
import type { PaneProps } from "./pane-props.ts";
import { SessionProvider, useSession, useUserSession } from "./session.ts";
import { Shortcuts } from "./shortcuts.tsx";
import { Toast, ToastProvider } from "./ui/toast.tsx";

type Panel = "notifications" | "preferences" | "shortcuts" | undefined;

export function Pane(props: PaneProps) {
  const { user, signOut } = props;
  const [session, restart] = useUserSession(user);
  if (typeof session === "object") {
    return (
      <SessionProvider value={session}>
        <ToastProvider>
          <SignedInPane {...props} />
        </ToastProvider>
      </SessionProvider>
    );
  }
  return (
    <section class="pane" aria-label={text.paneOf(user.display_name)}>
      {session === "starting" && (
        <div class="empty">
          <Spinner label={text.loading} />
        </div>
      )}
      {session === "failed" && (
        <EmptyState icon="warn" title={text.unreachable}>
          <p>{text.unreachableHint}</p>
          <Button icon="retry" onClick={restart}>
            {text.retry}
          </Button>
        </EmptyState>
      )}
      {session === "signed-out" && (
        <EmptyState icon="lock" title={text.signedOut}>
          <p>{text.signedOutHint}</p>
          <Button kind="primary" onClick={signOut}>
            {text.signInAgain}
          </Button>
        </EmptyState>
      )}
    </section>
  );
}

function SignedInPane(props: PaneProps) {
  const { user, conversationId, messageId, open } = props;
  const { chat } = useSession();
  const [panel, setPanel] = useState<Panel>();
  // Incremented whenever a conversation is opened: opening the current one again moves the focus into it.
  const [focusRequest, setFocusRequest] = useState(0);
  const element = useRef<HTMLElement>(null);
  const openConversation = (conversation: string | undefined, message?: string) => {
    setFocusRequest((before) => before + 1);
    open(conversation, message);
  };
  usePaneKeys(element, conversationId, openConversation);
  useRestoreFocus(element, conversationId);
  return (
    <section class="pane" ref={element} aria-label={text.paneOf(user.display_name)} data-view={conversationId ? "chat" : "list"}>
      <ConnectionBanner chat={chat} />
      <div class="pane-content">
        <Sidebar {...props} open={openConversation} show={setPanel} />
        {conversationId ? (
          <ConversationView key={conversationId} id={conversationId} messageId={messageId} focusRequest={focusRequest} back={() => open(undefined)} />
        ) : (
          <NoConversation />
        )}
        <Toast />
      </div>
      {panel === "notifications" && <Notifications close={() => setPanel(undefined)} open={openConversation} settings={() => setPanel("preferences")} />}
      {panel === "preferences" && <Preferences close={() => setPanel(undefined)} />}
      {panel === "shortcuts" && <Shortcuts close={() => setPanel(undefined)} />}
    </section>
  );
}

/** What stands in place of a conversation while none is open. */
function NoConversation() {
  const { isLoaded, conversations } = useStore(useSession().chat.inbox);
  const hasNone = isLoaded && conversations.length === 0;
  return (
    <div class="chat no-chat">
      <EmptyState icon="chat" title={hasNone ? text.noConversations : text.noneSelected}>
        <p>{hasNone ? text.noneYetHint : text.noneSelectedHint}</p>
      </EmptyState>
    </div>
  );
}

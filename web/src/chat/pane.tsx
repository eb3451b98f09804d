// One user's side of the page: their list, and the conversation that is open. Narrow, it shows one of the two.

import { useRef, useState } from "preact/hooks";
import { Empty, Spinner } from "../shared/controls.tsx";
import type { DemoUser } from "../shared/demo.ts";
import { text } from "../shared/text.ts";
import { Banner } from "./banner.tsx";
import { ConversationView } from "./conversation.tsx";
import { Notifications } from "./notifications.tsx";
import { Preferences } from "./preferences.tsx";
import { SessionProvider, useStartedSession } from "./session.ts";
import { Shortcuts } from "./shortcuts.tsx";
import { Sidebar } from "./sidebar.tsx";

export interface PaneProps {
  readonly user: DemoUser;
  /** Whom this side could become. */
  readonly others: readonly DemoUser[];
  readonly conversationId: string | undefined;
  open(conversation: string | undefined): void;
  become(user: string): void;
  close?(): void;
  add?(): void;
}

type Panel = "notifications" | "preferences" | "shortcuts" | undefined;

export function Pane(props: PaneProps) {
  const { user, conversationId, open } = props;
  const session = useStartedSession(user);
  const [panel, setPanel] = useState<Panel>();
  const element = useRef<HTMLElement>(null);
  if (!session) {
    return (
      <section class="pane" aria-label={text.paneOf(user.display_name)}>
        <div class="empty">
          <Spinner label={text.loading} />
        </div>
      </section>
    );
  }
  const keys = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      element.current?.querySelector<HTMLElement>("input[type=search]")?.focus();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const shown = [...(element.current?.querySelectorAll<HTMLElement>("[data-conversation]") ?? [])];
      const at = shown.findIndex((one) => one.dataset.conversation === conversationId);
      const next = shown[event.key === "ArrowDown" ? at + 1 : Math.max(0, at - 1)];
      if (next) open(next.dataset.conversation);
    } else if (event.key === "Escape" && conversationId && !event.defaultPrevented) {
      open(undefined);
      requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[data-conversation][tabindex='0']")?.focus());
    }
  };
  return (
    <SessionProvider value={session}>
      <section class="pane" ref={element} aria-label={text.paneOf(user.display_name)} data-view={conversationId ? "chat" : "list"} onKeyDown={keys}>
        <Banner chat={session.chat} />
        <div class="halves">
          <Sidebar {...props} show={setPanel} />
          {conversationId ? (
            <ConversationView key={conversationId} id={conversationId} back={() => open(undefined)} />
          ) : (
            <div class="chat nothing">
              <Empty icon="chat" title={text.pick}>
                <p>{text.pickHint}</p>
              </Empty>
            </div>
          )}
        </div>
        {panel === "notifications" && <Notifications close={() => setPanel(undefined)} open={open} settings={() => setPanel("preferences")} />}
        {panel === "preferences" && <Preferences close={() => setPanel(undefined)} />}
        {panel === "shortcuts" && <Shortcuts close={() => setPanel(undefined)} />}
      </section>
    </SessionProvider>
  );
}

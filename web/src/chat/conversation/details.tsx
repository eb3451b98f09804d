// The details of a conversation: type and status, members, notification preferences, and actions.

import { unwrap } from "@wasgo/chat";
import { updateConversation } from "@wasgo/chat/rest";
import { useRef, useState } from "preact/hooks";
import { Badge, Button, IconButton } from "../../shared/controls.tsx";
import { CONVERSATION_STATUSES } from "../../shared/labels/conversation-statuses.ts";
import { CONVERSATION_TYPES } from "../../shared/labels/conversation-types.ts";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { ConversationPreferences } from "../notifications/conversation-preferences.tsx";
import { useSession } from "../session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useActionWithToast } from "../ui/toast.tsx";
import { useCloseOnBack } from "../ui/use-close-on-back.ts";
import { useOpenConversation } from "./conversation-context.ts";
import { conversationReference } from "./conversation-text.ts";
import { Members } from "./members.tsx";

export function Details({ close }: { close: () => void }) {
  const { chat } = useSession();
  const { conversation: open, state, me, role } = useOpenConversation();
  const run = useActionWithToast();
  const { presence, conversations } = useStore(chat.inbox);
  const [isClosing, setIsClosing] = useState(false);
  // On a phone the details cover the conversation.
  const isCovering = useRef(matchMedia("(max-width: 46rem)").matches).current;
  useCloseOnBack(isCovering, close);
  const { conversation, participants } = state;
  const isArchived = conversations.find((conversation) => conversation.id === open.id)?.is_archived ?? false;
  const isClosed = conversation?.status === "closed";
  const canClose = isAtLeast(role, "moderator") && conversation?.conversation_type !== "direct";
  const reference = conversation && conversationReference(conversation);
  const setStatus = (status: "open" | "closed") =>
    run(unwrap(updateConversation({ client: chat.client, path: { conversation_id: open.id }, body: { status } })), text.actionFailed.status);
  return (
    <aside class="details" aria-label={text.details}>
      <header>
        <h3>{text.details}</h3>
        <IconButton icon="close" label={text.close} onClick={close} />
      </header>
      {conversation && (
        <section>
          <h4>{text.about}</h4>
          <p class="badges">
            <Badge tone={CONVERSATION_TYPES[conversation.conversation_type].tone}>{reference ?? CONVERSATION_TYPES[conversation.conversation_type].label}</Badge>
            <Badge tone={CONVERSATION_STATUSES[conversation.status].tone}>{CONVERSATION_STATUSES[conversation.status].label}</Badge>
          </p>
        </section>
      )}
      <Members participants={participants} presence={presence} me={me} />
      <ConversationPreferences />
      <section class="details-actions">
        <Button icon="archive" onClick={() => run(chat.inbox.setArchived(open.id, !isArchived), isArchived ? text.actionFailed.unarchive : text.actionFailed.archive)}>
          {isArchived ? text.unarchive : text.archive}
        </Button>
        {canClose && (
          <Button icon="lock" kind={isClosed ? "quiet" : "danger"} onClick={() => (isClosed ? setStatus("open") : setIsClosing(true))}>
            {isClosed ? text.reopenConversation : text.closeConversation}
          </Button>
        )}
      </section>
      {isClosing && (
        <Dialog title={text.confirmClose} close={() => setIsClosing(false)}>
          <p>{text.confirmCloseHint}</p>
          <footer>
            <Button onClick={() => setIsClosing(false)}>{text.cancel}</Button>
            <Button
              kind="danger"
              icon="lock"
              onClick={() => {
                setIsClosing(false);
                setStatus("closed");
              }}
            >
              {text.closeConversation}
            </Button>
          </footer>
        </Dialog>
      )}
    </aside>
  );
}

// An open conversation: header, thread, composer and details. Subscribed for as long as it is shown.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button, EmptyState, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { Composer } from "../composer/composer.tsx";
import { transferredFiles, uploadsFor } from "../composer/uploads.ts";
import { useInitialFocus } from "../pane-keys.ts";
import { useFeature, useSession } from "../session.ts";
import { ImageViewer } from "../thread/image-viewer.tsx";
import { Thread } from "../thread/thread.tsx";
import { useToast } from "../ui/toast.tsx";
import { useDelayedFlag } from "../ui/use-delayed-flag.ts";
import { type ComposerTarget, type OpenConversation, OpenConversationContext } from "./conversation-context.ts";
import { ConversationHeader } from "./conversation-header.tsx";
import { Details } from "./details.tsx";
import { useFollowed } from "./use-followed.ts";

export function ConversationView({ id, messageId, focusRequest, back }: {
  id: string;
  /** The message to show; undefined: the first unread one, or the newest. */
  messageId: string | undefined;
  focusRequest: number;
  back: () => void;
}) {
  const { chat } = useSession();
  useFollowed(chat, id);
  const conversation = useMemo(() => chat.conversation(id), [chat, id]);
  const state = useStore(conversation);
  const [target, setTarget] = useState<ComposerTarget>();
  const [revealTarget, setRevealTarget] = useState(messageId ? { id: messageId } : undefined);
  const lastRequest = useRef({ messageId, focusRequest });
  useEffect(() => {
    // Opening the same link again goes there again.
    const isNew = lastRequest.current.messageId !== messageId || lastRequest.current.focusRequest !== focusRequest;
    lastRequest.current = { messageId, focusRequest };
    if (isNew && messageId) setRevealTarget({ id: messageId });
  }, [messageId, focusRequest]);
  const [imageId, setImageId] = useState<string>();
  const [isDetailsOpen, setIsDetailsOpen] = useState(false);
  const [isDraggingFiles, setIsDraggingFiles] = useState(false);
  const showToast = useToast();
  const element = useRef<HTMLDivElement>(null);
  const uploads = uploadsFor(chat, id);
  const newest = state.messages.at(-1);
  // The user's own messages, edits and deletions do not change the unread count, so refresh the row in the list.
  useEffect(() => {
    const listed = chat.inbox.state.conversations.find((one) => one.id === id)?.last_message;
    if (newest && !state.hasNewer && (listed?.id !== newest.id || listed.revision !== newest.revision)) chat.inbox.refresh(id);
  }, [chat, id, newest?.id, newest?.revision, state.hasNewer]);
  const role = state.participants.find((participant) => participant.user.id === chat.userId)?.role;
  const isClosed = state.conversation?.status === "closed";
  const canWrite = isAtLeast(role, "participant") && !isClosed;
  const canAttach = useFeature(chat, "attachments") && canWrite;
  const open: OpenConversation = { conversation, state, me: chat.userId, role, canWrite, target, setTarget, reveal: (message) => setRevealTarget({ id: message }), openImage: setImageId };
  useInitialFocus(element, state.conversation !== undefined, canWrite, focusRequest);
  if (state.status === "gone") {
    return (
      <div class="chat no-chat">
        <EmptyState icon="lock" title={text.noAccess}>
          <p>{text.noAccessHint}</p>
          <button type="button" class="button quiet" onClick={back}>
            {text.back}
          </button>
        </EmptyState>
      </div>
    );
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || (!target && !isDetailsOpen)) return;
    event.preventDefault();
    if (target) setTarget(undefined);
    else setIsDetailsOpen(false);
  };
  const dragHandlers = {
    onDragOver: (event: DragEvent) => {
      if (!canAttach || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsDraggingFiles(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) setIsDraggingFiles(false);
    },
    onDrop: (event: DragEvent) => {
      if (!canAttach || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsDraggingFiles(false);
      if (uploads.add(transferredFiles(event.dataTransfer)) > 0) showToast(text.tooManyFiles(uploads.maxFiles));
    },
  };
  return (
    <OpenConversationContext.Provider value={open}>
      <div class="chat" ref={element} data-status={state.status} onKeyDown={onKeyDown} {...dragHandlers}>
        <ConversationHeader id={id} back={back} isDetailsOpen={isDetailsOpen} toggleDetails={() => setIsDetailsOpen(!isDetailsOpen)} />
        <div class="chat-body">
          <div class="chat-main">
            {state.conversation ? (
              <Thread target={revealTarget} />
            ) : (
              <Loading />
            )}
            {canWrite && <Composer uploads={uploads} />}
            {state.conversation && !canWrite && (
              <p class="read-only">
                <Icon name={isClosed ? "lock" : "info"} />
                {isClosed ? text.closedNote : text.observing}
              </p>
            )}
          </div>
          {isDetailsOpen && <Details close={() => setIsDetailsOpen(false)} />}
        </div>
        {isDraggingFiles && (
          <div class="drop-here">
            <Icon name="attach" />
            {text.dropHere}
          </div>
        )}
        {imageId && <ImageViewer attachmentId={imageId} close={() => setImageId(undefined)} />}
      </div>
    </OpenConversationContext.Provider>
  );
}

/** The client retries on its own; after a longer wait the user can restart it. */
function Loading() {
  const { restart } = useSession();
  if (!useDelayedFlag(true)) {
    return (
      <div class="empty">
        <Spinner label={text.loading} />
      </div>
    );
  }
  return (
    <EmptyState icon="warn" title={text.conversationFailed}>
      <Button icon="retry" onClick={restart}>
        {text.retry}
      </Button>
    </EmptyState>
  );
}

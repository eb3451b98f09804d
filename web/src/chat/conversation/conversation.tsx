// An open conversation: its header, its thread, and what one writes with. Follows it as long as it is open.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button, Empty, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";
import { Composer } from "../composer/composer.tsx";
import { type Open, OpenContext, type Writing } from "./conversation-context.ts";
import { ConversationHeader } from "./conversation-header.tsx";
import { Details } from "./details.tsx";
import { useLate } from "../ui/use-delayed-flag.ts";
import { useFocusInside } from "../pane-keys.ts";
import { useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";
import { Thread } from "../thread/thread.tsx";
import { useTell } from "../ui/toast.tsx";
import { filesOf, uploadsOf } from "../composer/uploads.ts";
import { Viewer } from "../thread/image-viewer.tsx";

export function ConversationView({ id, arrival, back }: { id: string; arrival: number; back: () => void }) {
  const { chat } = useSession();
  const conversation = useMemo(() => chat.conversation(id), [chat, id]);
  const state = useStore(conversation);
  const [writing, write] = useState<Writing>();
  const [revealed, reveal] = useState<{ id: string }>();
  const [viewed, view] = useState<string>();
  const [isAsked, setIsAsked] = useState(false);
  const [isDropping, setIsDropping] = useState(false);
  const tell = useTell();
  const element = useRef<HTMLDivElement>(null);
  const uploads = uploadsOf(chat, id);
  const last = state.messages.at(-1);
  // What oneself says, edits or deletes raises no count: the list looks again.
  useEffect(() => chat.inbox.touch(id), [chat, id, last?.id, last?.revision]);
  const role = state.participants.find((one) => one.user.id === chat.userId)?.role;
  const isClosed = state.conversation?.status === "closed";
  const canWrite = isAtLeast(role, "participant") && !isClosed;
  const open: Open = { conversation, state, me: chat.userId, role, canWrite, writing, write, reveal: (message) => reveal({ id: message }), view };
  useFocusInside(element, state.conversation !== undefined, canWrite, arrival);
  if (state.status === "gone") {
    return (
      <div class="chat nothing">
        <Empty icon="lock" title={text.noAccess}>
          <p>{text.noAccessHint}</p>
          <button type="button" class="button quiet" onClick={back}>
            {text.back}
          </button>
        </Empty>
      </div>
    );
  }
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || (!writing && !isAsked)) return;
    event.preventDefault();
    if (writing) write(undefined);
    else setIsAsked(false);
  };
  const drag = {
    onDragOver: (event: DragEvent) => {
      if (!canWrite || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsDropping(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) setIsDropping(false);
    },
    onDrop: (event: DragEvent) => {
      if (!canWrite || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsDropping(false);
      if (uploads.add(filesOf(event.dataTransfer)) > 0) tell(text.tooManyFiles);
    },
  };
  return (
    <OpenContext.Provider value={open}>
      <div class="chat" ref={element} data-status={state.status} onKeyDown={escape} {...drag}>
        <ConversationHeader back={back} isAsked={isAsked} ask={() => setIsAsked(!isAsked)} />
        <div class="middle">
          <div class="talk">
            {state.conversation ? (
              <Thread revealed={revealed} />
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
          {isAsked && <Details close={() => setIsAsked(false)} />}
        </div>
        {isDropping && (
          <div class="drop-here">
            <Icon name="attach" />
            {text.dropHere}
          </div>
        )}
        {viewed && <Viewer attachmentId={viewed} close={() => view(undefined)} />}
      </div>
    </OpenContext.Provider>
  );
}

/** The client tries again by itself; who has waited long may begin anew. */
function Loading() {
  const { restart } = useSession();
  if (!useLate(true)) {
    return (
      <div class="empty">
        <Spinner label={text.loading} />
      </div>
    );
  }
  return (
    <Empty icon="warn" title={text.conversationFailed}>
      <Button icon="retry" onClick={restart}>
        {text.retry}
      </Button>
    </Empty>
  );
}

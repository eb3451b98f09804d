// The messages of a conversation, rendered only near the viewport.

import type { ConversationState } from "@wasgo/chat";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import { Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { messageText } from "../conversation/conversation-text.ts";
import { useToast } from "../ui/toast.tsx";
import { ThreadRow } from "./thread-row.tsx";
import { type Row, buildRows } from "./thread-rows.ts";
import { useThreadKeys } from "./thread-keys.ts";
import { type Opening, useHistory, useOpening } from "./use-history.ts";
import { useReadMarker } from "./use-read-marker.ts";
import { type Anchor, useVirtualList } from "./virtual-list.ts";

const HIGHLIGHT_MS = 1_800;
const UNREAD_OFFSET_PX = 96;
const MESSAGE_OFFSET_PX = 200;

function estimateLength(row: Row): number {
  if (row.kind !== "message") return 0;
  const { content, attachments } = row.message;
  return (content?.length ?? 0) + (attachments.length > 0 ? 700 : 0) + (row.isFirst ? 20 : 0);
}

/** The last seq that the user has read; sending a message counts as reading up to it. */
function lastReadSeq({ participants, messages }: ConversationState, me: string): number {
  const own = messages.findLast((message) => message.sender?.id === me)?.seq ?? 0;
  return Math.max(own, participants.find((participant) => participant.user.id === me)?.last_read_seq ?? 0);
}

export function Thread({ target }: { target: { readonly id: string } | undefined }) {
  const { conversation, state, me } = useOpenConversation();
  const showToast = useToast();
  const [readUpTo] = useState(state.unread > 0 ? lastReadSeq(state, me) : undefined);
  const opening = useOpening(conversation, readUpTo, target?.id, () => showToast(text.messageNotFound));
  if (opening === "loading") {
    return (
      <div class="thread-frame empty">
        <Spinner label={text.loading} />
      </div>
    );
  }
  return <MessageList opening={opening} initialReadUpTo={readUpTo} target={target} />;
}

function MessageList({ opening, initialReadUpTo, target }: {
  opening: Exclude<Opening, "loading">;
  initialReadUpTo: number | undefined;
  target: { readonly id: string } | undefined;
}) {
  const { conversation, state, me } = useOpenConversation();
  const { messages, pending, hasOlder, hasNewer } = state;
  const showToast = useToast();
  const [readUpTo, setReadUpTo] = useState(initialReadUpTo);
  const rows = useMemo(() => buildRows({ messages, pending, me, hasOlder, hasNewer, readUpTo }), [messages, pending, me, hasOlder, hasNewer, readUpTo]);
  const history = useHistory(conversation, state);
  const list = useVirtualList(rows, estimateLength, initialAnchor(opening), {
    continuesBelow: hasNewer,
    onNearTop: () => history.load("older"),
    onNearBottom: () => history.load("newer"),
  });
  const { scroller, from, to, spaceAbove, spaceBelow, isAtEnd, rowRef, onScroll, anchorTo } = list;
  const { newCount, seenUpTo, isSeen } = useReadMarker(isAtEnd, readUpTo);
  // Messages that arrive out of view get a new unread line, unless the user has not reached the last line yet.
  const isLineOutdated = !isSeen && newCount > 0 && (readUpTo ?? -1) < seenUpTo;
  useLayoutEffect(() => {
    if (isLineOutdated) setReadUpTo(seenUpTo);
  }, [isLineOutdated, seenUpTo]);
  const [highlighted, setHighlighted] = useState(typeof opening === "object" ? opening.message : "");
  const { tabStop, onKeyDown, onFocus } = useThreadKeys(rows, list);
  const showNewest = () => {
    conversation.showNewest();
    anchorTo("end");
  };

  // Scroll down for messages sent in this view, not for their acknowledgement or for messages from another device.
  const sent = pending.findLast((one) => one.failed === undefined)?.clientId;
  const lastSent = useRef(sent);
  useEffect(() => {
    if (!sent || sent === lastSent.current) return;
    lastSent.current = sent;
    showNewest();
  }, [sent]);

  const firstTarget = useRef(target);
  useEffect(() => {
    if (!target || target === firstTarget.current) return undefined;
    let isCurrent = true;
    const show = () => {
      if (!isCurrent) return;
      anchorTo({ key: target.id, offset: MESSAGE_OFFSET_PX });
      setHighlighted(target.id);
    };
    conversation.reveal(target.id).then(show, () => isCurrent && showToast(text.messageNotFound));
    return () => {
      isCurrent = false;
    };
  }, [target]);
  useEffect(() => {
    if (!highlighted) return undefined;
    const timer = setTimeout(() => setHighlighted(""), HIGHLIGHT_MS);
    return () => clearTimeout(timer);
  }, [highlighted]);

  const newest = messages.at(-1);
  const isAnnounced = newest?.sender && newest.sender.id !== me && !hasNewer;
  const announcement = isAnnounced && newest.sender ? `${displayName(newest.sender)}: ${messageText(newest)}` : "";
  return (
    <div class="thread-frame">
      <div class="thread" ref={scroller} role="log" aria-live="off" aria-label={text.messages} tabIndex={-1} onScroll={onScroll} onKeyDown={onKeyDown} onFocusCapture={onFocus}>
        <div class="thread-rows">
          <div style={{ height: `${spaceAbove}px` }} />
          {rows.slice(from, to).map((row) => (
            <div key={row.key} class="thread-row" data-kind={row.kind} data-highlighted={highlighted === row.key} ref={rowRef(row.key)}>
              <ThreadRow row={row} isTabStop={tabStop === row.key} history={history} />
            </div>
          ))}
          <div style={{ height: `${spaceBelow}px` }} />
        </div>
      </div>
      <p class="visually-hidden" role="status">
        {announcement}
      </p>
      {(!isAtEnd || hasNewer) && (
        <button type="button" class="jump" aria-label={newCount > 0 ? `${text.jumpToNewest}, ${text.unreadCount(newCount)}` : text.jumpToNewest} onClick={showNewest}>
          <Icon name="down" />
          {text.jumpToNewest}
          {newCount > 0 && <span class="count" aria-hidden="true">{newCount}</span>}
        </button>
      )}
    </div>
  );
}

function initialAnchor(opening: Exclude<Opening, "loading">): Anchor {
  if (opening === "unread") return { key: "unread", offset: UNREAD_OFFSET_PX };
  return opening === "end" ? "end" : { key: opening.message, offset: MESSAGE_OFFSET_PX };
}

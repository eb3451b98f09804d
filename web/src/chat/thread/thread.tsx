// The messages of a conversation, rendered only near the viewport.

import type { ConversationState } from "@wasgo/chat";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import { Button, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { formatDay } from "../../shared/times.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { messageText } from "../conversation/conversation-text.ts";
import { Message } from "./message.tsx";
import { PendingMessage } from "./pending-message.tsx";
import { SystemMessage } from "./system-message.tsx";
import { useThreadKeys } from "./thread-keys.ts";
import { type Row, buildRows } from "./thread-rows.ts";
import { useReadMarker } from "./use-read-marker.ts";
import { type Anchor, useVirtualList } from "./virtual-list.ts";

const MAX_REVEAL_PAGES = 100;

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

export function Thread({ revealTarget }: { revealTarget: { id: string } | undefined }) {
  const { conversation, state, me } = useOpenConversation();
  const { messages, pending, hasOlder } = state;
  const [readUpTo, setReadUpTo] = useState(state.unread > 0 ? lastReadSeq(state, me) : undefined);
  const rows = useMemo(() => buildRows({ messages, pending, me, hasOlder, readUpTo }), [messages, pending, me, hasOlder, readUpTo]);
  const loading = useRef<Promise<boolean> | undefined>(undefined);
  const [isOlderFailed, setIsOlderFailed] = useState(false);
  /** Resolves to whether older messages were loaded. */
  const loadOlder = useCallback(() => {
    if (!conversation.state.hasOlder) return Promise.resolve(false);
    setIsOlderFailed(false);
    loading.current ??= conversation
      .loadOlder()
      .then(
        () => true,
        () => {
          setIsOlderFailed(true);
          return false;
        },
      )
      .finally(() => {
        loading.current = undefined;
      });
    return loading.current;
  }, [conversation]);
  // A restored connection is a reason to retry; the failed row still being in view is not.
  useEffect(() => setIsOlderFailed(false), [state.status]);
  // If the unread messages do not fit into the first page, the thread opens at its end.
  const isLineKnown = readUpTo !== undefined && (!hasOlder || (messages[0]?.seq ?? 0) <= readUpTo + 1);
  const initialAnchor: Anchor = isLineKnown ? { key: "unread", offset: 96 } : "end";
  const list = useVirtualList(rows, estimateLength, initialAnchor, () => !isOlderFailed && void loadOlder());
  const { isAtEnd, anchorTo, scroller } = list;
  const { newCount, seenUpTo, isSeen } = useReadMarker(isAtEnd, readUpTo);
  // Messages that arrive out of view get a new unread line, unless the user has not reached the last line yet.
  const isLineOutdated = !isSeen && newCount > 0 && (readUpTo ?? -1) < seenUpTo;
  useLayoutEffect(() => {
    if (isLineOutdated) setReadUpTo(seenUpTo);
  }, [isLineOutdated, seenUpTo]);
  const [highlighted, setHighlighted] = useState("");
  const keys = useThreadKeys(rows, list);

  // Scroll down for messages sent in this view, not for their acknowledgement or for messages from another device.
  const sent = pending.findLast((one) => one.failed === undefined)?.clientId;
  const lastSent = useRef(sent);
  useEffect(() => {
    if (!sent || sent === lastSent.current) return;
    lastSent.current = sent;
    anchorTo("end");
  }, [sent]);

  useEffect(() => {
    if (!revealTarget) return;
    const find = async () => {
      const isLoaded = () => conversation.messages.some((message) => message.id === revealTarget.id);
      for (let page = 0; page < MAX_REVEAL_PAGES && !isLoaded(); page++) if (!(await loadOlder())) break;
      if (!isLoaded()) return;
      anchorTo({ key: revealTarget.id, offset: (scroller.current?.clientHeight ?? 0) / 3 });
      setHighlighted(revealTarget.id);
    };
    void find();
  }, [revealTarget]);
  useEffect(() => {
    if (!highlighted) return undefined;
    const timer = setTimeout(() => setHighlighted(""), 1_800);
    return () => clearTimeout(timer);
  }, [highlighted]);

  const newest = messages.at(-1);
  const announcement = newest?.sender && newest.sender.id !== me ? `${displayName(newest.sender)}: ${messageText(newest)}` : "";
  return (
    <div class="thread-frame">
      <div class="thread" ref={scroller} role="log" aria-live="off" aria-label={text.messages} tabIndex={-1} onScroll={list.onScroll} onKeyDown={keys.onKeyDown} onFocusCapture={keys.onFocus}>
        <div class="thread-rows">
          <div style={{ height: `${list.spaceAbove}px` }} />
          {rows.slice(list.from, list.to).map((row) => (
            <div key={row.key} class="thread-row" data-kind={row.kind} data-highlighted={highlighted === row.key} ref={list.rowRef(row.key)}>
              <ThreadRow row={row} isTabStop={keys.tabStop === row.key} isOlderFailed={isOlderFailed} loadOlder={() => void loadOlder()} />
            </div>
          ))}
          <div style={{ height: `${list.spaceBelow}px` }} />
        </div>
      </div>
      <p class="visually-hidden" role="status">
        {announcement}
      </p>
      {!isAtEnd && (
        <button type="button" class="jump" aria-label={newCount > 0 ? `${text.jumpToNewest}, ${text.unreadCount(newCount)}` : text.jumpToNewest} onClick={() => anchorTo("end")}>
          <Icon name="down" />
          {text.jumpToNewest}
          {newCount > 0 && <span class="count" aria-hidden="true">{newCount}</span>}
        </button>
      )}
    </div>
  );
}

function ThreadRow({ row, isTabStop, isOlderFailed, loadOlder }: {
  row: Row;
  isTabStop: boolean;
  isOlderFailed: boolean;
  loadOlder: () => void;
}) {
  switch (row.kind) {
    case "message":
      return <Message row={row} isTabStop={isTabStop} />;
    case "pending":
      return <PendingMessage pending={row.pending} isFirst={row.isFirst} />;
    case "system":
      return <SystemMessage message={row.message} />;
    case "day":
      return (
        <p class="day">
          <span>{formatDay(row.iso)}</span>
        </p>
      );
    case "unread":
      return (
        <p class="unread-line">
          <span>{text.newMessages}</span>
        </p>
      );
    case "older":
      return (
        <div class="older">
          {isOlderFailed ? (
            <>
              <p role="alert">{text.olderFailed}</p>
              <Button icon="retry" onClick={loadOlder}>
                {text.retry}
              </Button>
            </>
          ) : (
            <Spinner label={text.olderLoading} />
          )}
        </div>
      );
    case "end":
      return <div class="end" />;
    default:
      return <p class="beginning">{text.beginning}</p>;
  }
}

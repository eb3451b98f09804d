// The messages of a conversation, of which those near the view are drawn; and what is said about where one stands.

import type { ConversationState } from "@wasgo/chat";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button, Spinner } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { dayName } from "../../shared/times.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { Message } from "./message.tsx";
import { nameOf } from "../../shared/avatar.tsx";
import { wordsOf } from "../conversation/conversation-text.ts";
import { PendingMessage } from "./pending-message.tsx";
import { type Row, rowsOf } from "./thread-rows.ts";
import { SystemMessage } from "./system-message.tsx";
import { useReading } from "./use-read-marker.ts";
import { useThreadKeys } from "./thread-keys.ts";
import { type Anchor, useWindowed } from "./virtual-list.ts";

const MOST_PAGES = 100;

function lengthOf(row: Row): number {
  if (row.kind !== "message") return 0;
  const { content, attachments } = row.message;
  return (content?.length ?? 0) + (attachments.length > 0 ? 700 : 0) + (row.isFirst ? 20 : 0);
}

/** Up to where somebody has read: what they said themselves, they have seen. */
function readBefore({ participants, messages }: ConversationState, me: string): number {
  const own = messages.findLast((one) => one.sender?.id === me)?.seq ?? 0;
  return Math.max(own, participants.find((one) => one.user.id === me)?.last_read_seq ?? 0);
}

export function Thread({ revealed }: { revealed: { id: string } | undefined }) {
  const { conversation, state, me } = useOpen();
  const { messages, pending, hasOlder } = state;
  const [readUpTo, setReadUpTo] = useState(state.unread > 0 ? readBefore(state, me) : undefined);
  const rows = useMemo(() => rowsOf({ messages, pending, me, hasOlder, readUpTo }), [messages, pending, me, hasOlder, readUpTo]);
  const loading = useRef<Promise<boolean> | undefined>(undefined);
  const [isOlderFailed, setIsOlderFailed] = useState(false);
  /** Gives whether some came. */
  const older = useCallback(() => {
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
  // A connection that is back is a reason to try again; a row that failed and is still in view is none.
  useEffect(() => setIsOlderFailed(false), [state.status]);
  // Where more is unread than one page holds, nobody wants to begin so far up.
  const isLineKnown = readUpTo !== undefined && (!hasOlder || (messages[0]?.seq ?? 0) <= readUpTo + 1);
  const first: Anchor = isLineKnown ? { key: "unread", below: 96 } : "end";
  const list = useWindowed(rows, lengthOf, first, () => !isOlderFailed && void older());
  const { isAtEnd, hold, scroller } = list;
  const { fresh, seenUpTo, isSeen } = useReading(isAtEnd, readUpTo);
  // What comes while nobody looks begins a new line, unless the last one was not come to yet.
  const isLineOld = !isSeen && fresh > 0 && (readUpTo ?? -1) < seenUpTo;
  useLayoutEffect(() => {
    if (isLineOld) setReadUpTo(seenUpTo);
  }, [isLineOld, seenUpTo]);
  const [marked, setMarked] = useState("");
  const keys = useThreadKeys(rows, list);

  // What is sent here and now; neither the service's word that it is stored, nor what another device sends.
  const sent = pending.findLast((one) => one.failed === undefined)?.clientId;
  const followed = useRef(sent);
  useEffect(() => {
    if (!sent || sent === followed.current) return;
    followed.current = sent;
    hold("end");
  }, [sent]);

  useEffect(() => {
    if (!revealed) return;
    const find = async () => {
      const isThere = () => conversation.messages.some((one) => one.id === revealed.id);
      for (let page = 0; page < MOST_PAGES && !isThere(); page++) if (!(await older())) break;
      if (!isThere()) return;
      hold({ key: revealed.id, below: (scroller.current?.clientHeight ?? 0) / 3 });
      setMarked(revealed.id);
    };
    void find();
  }, [revealed]);
  useEffect(() => {
    if (!marked) return undefined;
    const timer = setTimeout(() => setMarked(""), 1_800);
    return () => clearTimeout(timer);
  }, [marked]);

  const newest = messages.at(-1);
  const said = newest?.sender && newest.sender.id !== me ? `${nameOf(newest.sender)}: ${wordsOf(newest)}` : "";
  return (
    <div class="thread-frame">
      <div class="thread" ref={scroller} role="log" aria-live="off" aria-label={text.messages} tabIndex={-1} onScroll={list.scrolled} onKeyDown={keys.onKeyDown} onFocusCapture={keys.onFocus}>
        <div class="thread-rows">
          <div style={{ height: `${list.above}px` }} />
          {rows.slice(list.from, list.to).map((row) => (
            <div key={row.key} class="thread-row" data-kind={row.kind} data-marked={marked === row.key} ref={list.drawn(row.key)}>
              <ThreadRow row={row} isReachable={keys.reachable === row.key} isOlderFailed={isOlderFailed} older={() => void older()} />
            </div>
          ))}
          <div style={{ height: `${list.beneath}px` }} />
        </div>
      </div>
      <p class="only-read" role="status">
        {said}
      </p>
      {!isAtEnd && (
        <button type="button" class="jump" aria-label={fresh > 0 ? `${text.jumpToNewest}, ${text.unreadCount(fresh)}` : text.jumpToNewest} onClick={() => hold("end")}>
          <Icon name="down" />
          {text.jumpToNewest}
          {fresh > 0 && <span class="count" aria-hidden="true">{fresh}</span>}
        </button>
      )}
    </div>
  );
}

function ThreadRow({ row, isReachable, isOlderFailed, older }: {
  row: Row;
  isReachable: boolean;
  isOlderFailed: boolean;
  older: () => void;
}) {
  switch (row.kind) {
    case "message":
      return <Message row={row} isReachable={isReachable} />;
    case "pending":
      return <PendingMessage pending={row.pending} isFirst={row.isFirst} />;
    case "system":
      return <SystemMessage message={row.message} />;
    case "day":
      return (
        <p class="day">
          <span>{dayName(row.iso)}</span>
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
              <Button icon="retry" onClick={older}>
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

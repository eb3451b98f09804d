// One row of a thread: a message, a day heading, the unread line, or what stands at its ends.

import { Button, Spinner } from "../../shared/controls.tsx";
import { text } from "../../shared/text.ts";
import { formatDay } from "../../shared/times.ts";
import { Message } from "./message.tsx";
import { PendingMessage } from "./pending-message.tsx";
import { SystemMessage } from "./system-message.tsx";
import type { Row } from "./thread-rows.ts";
import type { HistoryLoader } from "./use-history.ts";

export function ThreadRow({ row, isTabStop, history }: { row: Row; isTabStop: boolean; history: HistoryLoader }) {
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
    case "newer":
      return (
        <div class="more-messages">
          {history.failed.has(row.kind) ? (
            <>
              <p role="alert">{row.kind === "older" ? text.olderFailed : text.newerFailed}</p>
              <Button icon="retry" onClick={() => history.retry(row.kind as "older" | "newer")}>
                {text.retry}
              </Button>
            </>
          ) : (
            <Spinner label={row.kind === "older" ? text.olderLoading : text.newerLoading} />
          )}
        </div>
      );
    case "end":
      return <div class="end" />;
    default:
      return <p class="beginning">{text.beginning}</p>;
  }
}

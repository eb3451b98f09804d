// Dead deliveries: counts by reason, the deliveries themselves, and retrying them.

import { ChatError, unwrap } from "@wasgo/chat";
import { type DeadKind, type DeliveryOut, listDeadLetterKinds, listDeadLetters, retryDeadLetter, retryDeadLetters } from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Badge, Button, EmptyState } from "../shared/controls.tsx";
import { DELIVERY_CHANNELS } from "../shared/labels/notification-options.ts";
import { formatDateTime } from "../shared/times.ts";
import { useAsync } from "../shared/use-async.ts";
import { LoadMoreButton, LoadState } from "./operator-controls.tsx";
import { hrefTo } from "./router.ts";
import { useClient } from "./session.ts";
import { operatorText } from "./text.ts";
import { usePaginated } from "./use-paginated.ts";

type Reason = Pick<DeadKind, "channel" | "error">;

const queryOf = ({ channel, error }: Reason) => ({ channel, ...(error ? { error } : {}) });
const reasonLabel = ({ channel, error }: Reason) => `${DELIVERY_CHANNELS[channel].operatorLabel}: ${error ?? operatorText.noReason}`;

export function DeadDeliveries() {
  const client = useClient();
  const [version, setVersion] = useState(0);
  const [shown, setShown] = useState<Reason>();
  const [status, setStatus] = useState("");
  const [error, setError] = useState("");
  const reasons = useAsync(`reasons ${version}`, () => unwrap(listDeadLetterKinds({ client })));
  const { rows, first, next } = usePaginated(`deliveries ${version} ${JSON.stringify(shown)}`, (cursor) =>
    unwrap(listDeadLetters({ client, query: { ...(shown ? queryOf(shown) : {}), ...(cursor ? { cursor } : {}) } })),
  );
  const reload = () => {
    setShown(undefined);
    setVersion((before) => before + 1);
  };
  /** Runs a retry, and shows its result or its error. */
  const run = async (action: () => Promise<string>) => {
    setError("");
    setStatus("");
    try {
      setStatus(await action());
      reload();
    } catch (error) {
      setError(operatorText.retryFailed(error instanceof ChatError ? error.message : ""));
    }
  };
  const retryReason = (reason: Reason) =>
    run(async () => {
      let retried = 0;
      for (let hasMore = true; hasMore; ) {
        const page = await unwrap(retryDeadLetters({ client, body: queryOf(reason) }));
        retried += page.retried;
        hasMore = page.has_more;
      }
      return operatorText.retried(retried);
    });
  const retry = (delivery: DeliveryOut) =>
    run(async () => {
      await unwrap(retryDeadLetter({ client, path: { delivery_id: delivery.id } }));
      return operatorText.retriedOne(delivery.user_id);
    });
  const isEmpty = reasons.data?.results.length === 0 && rows.length === 0;
  return (
    <main class="sheet deliveries" tabIndex={0} aria-label={operatorText.failedDeliveries}>
      <p role="status" class="status" dir="auto">{status}</p>
      {error && <p role="alert" class="status failed">{error}</p>}
      <LoadState state={reasons} />
      {isEmpty && <EmptyState icon="check" title={operatorText.noFailedDeliveries}><p>{operatorText.noFailedDeliveriesHint}</p></EmptyState>}
      {reasons.data && !isEmpty && (
        <>
          <h2>{operatorText.byReason}</h2>
          {!reasons.data.is_complete && <p class="soft">{operatorText.countIncomplete}</p>}
          <ul class="reasons">
            {reasons.data.results.map((reason) => (
              <ReasonCard key={reasonLabel(reason)} reason={reason} isShown={shown?.channel === reason.channel && shown.error === reason.error} show={setShown} retry={retryReason} />
            ))}
          </ul>
          <h2>{operatorText.failedDeliveries}</h2>
          <LoadState state={first} />
          <ul class="delivery-rows">
            {rows.map((delivery) => <DeliveryRow key={delivery.id} delivery={delivery} retry={retry} />)}
          </ul>
          <LoadMoreButton next={next} />
        </>
      )}
    </main>
  );
}

function ReasonCard({ reason, isShown, show, retry }: { reason: DeadKind; isShown: boolean; show: (reason: Reason | undefined) => void; retry: (reason: Reason) => Promise<void> }) {
  const [isBusy, setIsBusy] = useState(false);
  const onRetry = () => {
    setIsBusy(true);
    void retry(reason).finally(() => setIsBusy(false));
  };
  return (
    <li class="card">
      <p class="line"><Badge tone="red">{DELIVERY_CHANNELS[reason.channel].operatorLabel}</Badge><code dir="auto">{reason.error ?? operatorText.noReason}</code></p>
      <p class="metric">{operatorText.deliveryCount(reason.count)}</p>
      <p class="soft">{operatorText.failedAt(formatDateTime(reason.newest_at))}</p>
      <p class="card-actions">
        <Button kind="primary" icon="retry" disabled={isBusy} onClick={onRetry}>{isBusy ? operatorText.retrying : operatorText.retryAll(reason.count)}</Button>
        <Button aria-pressed={isShown} aria-label={isShown ? operatorText.showAll : operatorText.showReason(reasonLabel(reason))} onClick={() => show(isShown ? undefined : reason)}>
          {isShown ? operatorText.showAll : operatorText.showReason(DELIVERY_CHANNELS[reason.channel].operatorLabel)}
        </Button>
      </p>
    </li>
  );
}

function DeliveryRow({ delivery, retry }: { delivery: DeliveryOut; retry: (delivery: DeliveryOut) => Promise<void> }) {
  const [isBusy, setIsBusy] = useState(false);
  const onRetry = () => {
    setIsBusy(true);
    void retry(delivery).finally(() => setIsBusy(false));
  };
  return (
    <li class="delivery">
      <span class="body">
        <span class="line"><Badge>{DELIVERY_CHANNELS[delivery.channel].operatorLabel}</Badge><strong class="name" dir="auto">{delivery.user_id}</strong></span>
        <span class="soft"><code dir="auto">{delivery.error ?? operatorText.noReason}</code> · {operatorText.attempts(delivery.attempts)} · {operatorText.failedAt(formatDateTime(delivery.settled_at ?? delivery.due_at))}</span>
      </span>
      <a class="button plain" href={hrefTo({ section: "conversations", conversation: delivery.conversation })}>{operatorText.openConversation}</a>
      <Button icon="retry" disabled={isBusy} aria-label={operatorText.retryDelivery(delivery.user_id)} onClick={onRetry}>{isBusy ? operatorText.retrying : operatorText.retryOne}</Button>
    </li>
  );
}

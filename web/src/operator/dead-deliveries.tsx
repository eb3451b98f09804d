// Dead letters: how many for which reason, each of them, and trying them again.

import { ChatError, result } from "@wasgo/chat";
import { type DeadKind, type DeliveryOut, listDeadLetterKinds, listDeadLetters, retryDeadLetter, retryDeadLetters } from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Badge, Button, Empty } from "../shared/controls.tsx";
import { DELIVERY_CHANNELS } from "../shared/labels/notification-options.ts";
import { whole } from "../shared/times.ts";
import { addressOf } from "./router.ts";
import { usePages } from "./pagination.ts";
import { MoreOf, Waiting } from "./operator-controls.tsx";
import { useClient, useLoad } from "./session.ts";
import { operatorText } from "./text.ts";

type Kind = Pick<DeadKind, "channel" | "error">;

const queryOf = ({ channel, error }: Kind) => ({ channel, ...(error ? { error } : {}) });
const nameOfKind = ({ channel, error }: Kind) => `${DELIVERY_CHANNELS[channel].operatorLabel}: ${error ?? operatorText.noReason}`;

export function Letters() {
  const client = useClient();
  const [turn, setTurn] = useState(0);
  const [shown, setShown] = useState<Kind>();
  const [said, setSaid] = useState("");
  const [failed, setFailed] = useState("");
  const kinds = useLoad(`kinds ${turn}`, () => result(listDeadLetterKinds({ client })));
  const { rows, first, more } = usePages(`letters ${turn} ${JSON.stringify(shown)}`, (cursor) =>
    result(listDeadLetters({ client, query: { ...(shown ? queryOf(shown) : {}), ...(cursor ? { cursor } : {}) } })),
  );
  const again = () => {
    setShown(undefined);
    setTurn((before) => before + 1);
  };
  /** Does it, and says what came of it. */
  const attempt = async (act: () => Promise<string>) => {
    setFailed("");
    setSaid("");
    try {
      setSaid(await act());
      again();
    } catch (error) {
      setFailed(operatorText.retryFailed(error instanceof ChatError ? error.message : ""));
    }
  };
  const retryKind = (kind: Kind) =>
    attempt(async () => {
      let retried = 0;
      for (let hasMore = true; hasMore; ) {
        const answer = await result(retryDeadLetters({ client, body: queryOf(kind) }));
        retried += answer.retried;
        hasMore = answer.has_more;
      }
      return operatorText.retried(retried);
    });
  const retry = (letter: DeliveryOut) =>
    attempt(async () => {
      await result(retryDeadLetter({ client, path: { delivery_id: letter.id } }));
      return operatorText.retriedOne(letter.user_id);
    });
  const isEmpty = kinds.data?.results.length === 0 && rows.length === 0;
  return (
    <main class="sheet letters" tabIndex={0} aria-label={operatorText.failedDeliveries}>
      <p role="status" class="said" dir="auto">{said}</p>
      {failed && <p role="alert" class="said bad">{failed}</p>}
      <Waiting of={kinds} />
      {isEmpty && <Empty icon="check" title={operatorText.noFailedDeliveries}><p>{operatorText.noFailedDeliveriesHint}</p></Empty>}
      {kinds.data && !isEmpty && (
        <>
          <h2>{operatorText.byReason}</h2>
          {!kinds.data.is_complete && <p class="soft">{operatorText.countIncomplete}</p>}
          <ul class="kinds">
            {kinds.data.results.map((kind) => (
              <KindCard key={nameOfKind(kind)} of={kind} isShown={shown?.channel === kind.channel && shown.error === kind.error} show={setShown} retry={retryKind} />
            ))}
          </ul>
          <h2>{operatorText.failedDeliveries}</h2>
          <Waiting of={first} />
          <ul class="letter-rows">
            {rows.map((letter) => <LetterRow key={letter.id} of={letter} retry={retry} />)}
          </ul>
          <MoreOf of={more} />
        </>
      )}
    </main>
  );
}

function KindCard({ of, isShown, show, retry }: { of: DeadKind; isShown: boolean; show: (kind: Kind | undefined) => void; retry: (kind: Kind) => Promise<void> }) {
  const [isBusy, setIsBusy] = useState(false);
  const act = () => {
    setIsBusy(true);
    void retry(of).finally(() => setIsBusy(false));
  };
  return (
    <li class="card">
      <p class="line"><Badge tone="red">{DELIVERY_CHANNELS[of.channel].operatorLabel}</Badge><code dir="auto">{of.error ?? operatorText.noReason}</code></p>
      <p class="figure">{operatorText.deliveryCount(of.count)}</p>
      <p class="soft">{operatorText.failedAt(whole(of.newest_at))}</p>
      <p class="acts">
        <Button kind="primary" icon="retry" disabled={isBusy} onClick={act}>{isBusy ? operatorText.retrying : operatorText.retryAll(of.count)}</Button>
        <Button aria-pressed={isShown} aria-label={isShown ? operatorText.showAll : operatorText.showReason(nameOfKind(of))} onClick={() => show(isShown ? undefined : of)}>
          {isShown ? operatorText.showAll : operatorText.showReason(DELIVERY_CHANNELS[of.channel].operatorLabel)}
        </Button>
      </p>
    </li>
  );
}

function LetterRow({ of, retry }: { of: DeliveryOut; retry: (letter: DeliveryOut) => Promise<void> }) {
  const [isBusy, setIsBusy] = useState(false);
  const act = () => {
    setIsBusy(true);
    void retry(of).finally(() => setIsBusy(false));
  };
  return (
    <li class="letter">
      <span class="body">
        <span class="line"><Badge>{DELIVERY_CHANNELS[of.channel].operatorLabel}</Badge><strong class="name" dir="auto">{of.user_id}</strong></span>
        <span class="soft"><code dir="auto">{of.error ?? operatorText.noReason}</code> · {operatorText.attempts(of.attempts)} · {operatorText.failedAt(whole(of.settled_at ?? of.due_at))}</span>
      </span>
      <a class="button plain" href={addressOf({ section: "conversations", conversation: of.conversation })}>{operatorText.openConversation}</a>
      <Button icon="retry" disabled={isBusy} aria-label={operatorText.retryDelivery(of.user_id)} onClick={act}>{isBusy ? operatorText.retrying : operatorText.retryOne}</Button>
    </li>
  );
}

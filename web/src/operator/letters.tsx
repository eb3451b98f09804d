// Dead letters: how many for which reason, each of them, and trying them again.

import { ChatError, result } from "@wasgo/chat";
import { type DeadKind, type DeliveryOut, listDeadLetterKinds, listDeadLetters, retryDeadLetter, retryDeadLetters } from "@wasgo/chat/rest";
import { useState } from "preact/hooks";
import { Badge, Button, Empty } from "../shared/controls.tsx";
import { whole } from "../shared/times.ts";
import { addressOf } from "./address.ts";
import { usePages } from "./pages.ts";
import { MoreOf, Waiting } from "./parts.tsx";
import { useClient, useLoad } from "./session.ts";
import { words } from "./text.ts";

type Kind = Pick<DeadKind, "channel" | "error">;

const queryOf = ({ channel, error }: Kind) => ({ channel, ...(error ? { error } : {}) });
const nameOfKind = ({ channel, error }: Kind) => `${words.channels[channel]}: ${error ?? words.noReason}`;

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
      setFailed(words.notRetried(error instanceof ChatError ? error.message : ""));
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
      return words.retried(retried);
    });
  const retry = (letter: DeliveryOut) =>
    attempt(async () => {
      await result(retryDeadLetter({ client, path: { delivery_id: letter.id } }));
      return words.sentAgain(letter.user_id);
    });
  const isEmpty = kinds.data?.results.length === 0 && rows.length === 0;
  return (
    <main class="sheet letters" tabIndex={0} aria-label={words.letters}>
      <p role="status" class="said" dir="auto">{said}</p>
      {failed && <p role="alert" class="said bad">{failed}</p>}
      <Waiting of={kinds} />
      {isEmpty && <Empty icon="check" title={words.noLetters}><p>{words.noLettersHint}</p></Empty>}
      {kinds.data && !isEmpty && (
        <>
          <h2>{words.kinds}</h2>
          {!kinds.data.is_complete && <p class="soft">{words.countedOnly}</p>}
          <ul class="kinds">
            {kinds.data.results.map((kind) => (
              <KindCard key={nameOfKind(kind)} of={kind} isShown={shown?.channel === kind.channel && shown.error === kind.error} show={setShown} retry={retryKind} />
            ))}
          </ul>
          <h2>{words.letters}</h2>
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
      <p class="line"><Badge tone="danger">{words.channels[of.channel]}</Badge><code dir="auto">{of.error ?? words.noReason}</code></p>
      <p class="figure">{words.letterCount(of.count)}</p>
      <p class="soft">{words.diedAt(whole(of.newest_at))}</p>
      <p class="acts">
        <Button kind="primary" icon="retry" disabled={isBusy} onClick={act}>{isBusy ? words.retrying : words.retryAll(of.count)}</Button>
        <Button aria-pressed={isShown} aria-label={isShown ? words.showAll : words.showKind(nameOfKind(of))} onClick={() => show(isShown ? undefined : of)}>
          {isShown ? words.showAll : words.showKind(words.channels[of.channel])}
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
        <span class="line"><Badge>{words.channels[of.channel]}</Badge><strong class="name" dir="auto">{of.user_id}</strong></span>
        <span class="soft"><code dir="auto">{of.error ?? words.noReason}</code> · {words.attempts(of.attempts)} · {words.diedAt(whole(of.settled_at ?? of.due_at))}</span>
      </span>
      <a class="button plain" href={addressOf({ section: "conversations", conversation: of.conversation })}>{words.openConversation}</a>
      <Button icon="retry" disabled={isBusy} aria-label={words.retryOf(of.user_id)} onClick={act}>{isBusy ? words.retrying : words.retryOne}</Button>
    </li>
  );
}

// One message: two versions side by side with the differences marked, and its read receipts.

import { unwrap } from "@wasgo/chat";
import { type InspectedMessage, type RevisionOut, inspectMessage } from "@wasgo/chat/rest";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar, displayName } from "../shared/avatar.tsx";
import { Icon } from "../shared/icons.tsx";
import { formatDateTime } from "../shared/times.ts";
import { useAsync } from "../shared/use-async.ts";
import { type Piece, compare } from "./diff.ts";
import { LoadState } from "./operator-controls.tsx";
import { hrefTo, navigate } from "./router.ts";
import { useClient } from "./session.ts";
import { formatNumber, operatorText } from "./text.ts";

export function MessagePane({ id, conversation }: { id: string; conversation: string }) {
  const client = useClient();
  const loaded = useAsync(`message ${id}`, () => unwrap(inspectMessage({ client, path: { message_id: id } })));
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") navigate({ section: "conversations", conversation });
  };
  return (
    <section class="pane message-pane" aria-labelledby="message-title" onKeyDown={onKeyDown}>
      <header class="pane-top">
        <a class="icon-button" href={hrefTo({ section: "conversations", conversation })} aria-label={operatorText.close} title={operatorText.close}><Icon name="close" /></a>
        <h2 id="message-title" tabIndex={-1} ref={title}>{operatorText.message}</h2>
      </header>
      <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.message}>
        <LoadState state={loaded} />
        {loaded.data && <MessageInspection inspected={loaded.data} />}
      </div>
    </section>
  );
}

function MessageInspection({ inspected }: { inspected: InspectedMessage }) {
  return (
    <div class="inspected">
      <section>
        <h3>{operatorText.versions}</h3>
        {inspected.revisions.length === 1 ? <SingleVersion inspected={inspected} /> : <Versions revisions={inspected.revisions} />}
      </section>
      <section>
        <h3>{operatorText.readBy}</h3>
        <Receipts inspected={inspected} />
      </section>
      <section>
        <h3>{operatorText.details}</h3>
        <dl class="message-details">
          <dt>{operatorText.sender}</dt>
          <dd dir="auto">{inspected.message.sender ? `${displayName(inspected.message.sender)} (${inspected.message.sender.id})` : operatorText.system}</dd>
          <dt>{operatorText.seq}</dt>
          <dd>{formatNumber(inspected.message.seq)}</dd>
          <dt>{operatorText.id}</dt>
          <dd class="code">{inspected.message.id}</dd>
        </dl>
      </section>
    </div>
  );
}

function SingleVersion({ inspected }: { inspected: InspectedMessage }) {
  const [only] = inspected.revisions;
  return (
    <>
      <p class="soft">{inspected.message.revision === 1 ? operatorText.neverEdited : operatorText.versionPurged}</p>
      {only && <Version revision={only} label={operatorText.version(only.revision)} pieces={[{ text: only.content ?? "", isChanged: false }]} />}
    </>
  );
}

function Versions({ revisions }: { revisions: readonly RevisionOut[] }) {
  const [left, setLeft] = useState(revisions.length - 2);
  const [right, setRight] = useState(revisions.length - 1);
  const before = revisions[left];
  const after = revisions[right];
  if (!before || !after) return null;
  const diff = compare(before.content ?? "", after.content ?? "");
  return (
    <div class="versions">
      <div>
        <VersionPicker label={operatorText.before} revisions={revisions} selected={left} select={setLeft} />
        <Version revision={before} label={operatorText.before} pieces={diff.before} change="del" />
      </div>
      <div>
        <VersionPicker label={operatorText.after} revisions={revisions} selected={right} select={setRight} />
        <Version revision={after} label={operatorText.after} pieces={diff.after} change="ins" />
      </div>
    </div>
  );
}

function VersionPicker({ label, revisions, selected, select }: { label: string; revisions: readonly RevisionOut[]; selected: number; select: (at: number) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <span class="select">
        <select class="input" value={selected} onChange={(event) => select(Number(event.currentTarget.value))}>
          {revisions.map((revision, at) => <option key={revision.revision} value={at}>{operatorText.version(revision.revision)}</option>)}
        </select>
      </span>
    </label>
  );
}

function Version({ revision, label, pieces, change: Change = "ins" }: { revision: RevisionOut; label: string; pieces: readonly Piece[]; change?: "ins" | "del" }) {
  return (
    <article class="version" aria-label={label}>
      <p class="text" dir="auto">
        {revision.content === null && <em class="soft">{operatorText.deleted}</em>}
        {revision.content === "" && <em class="soft">{operatorText.emptyVersion}</em>}
        {pieces.map((piece, at) => (piece.isChanged ? <Change key={at}>{piece.text}</Change> : <span key={at}>{piece.text}</span>))}
      </p>
      {revision.written_at && <time class="soft" dateTime={revision.written_at}>{operatorText.writtenAt(formatDateTime(revision.written_at))}</time>}
    </article>
  );
}

function Receipts({ inspected }: { inspected: InspectedMessage }) {
  if (inspected.receipts.length === 0) return <p class="soft">{operatorText.notRead}</p>;
  return (
    <ul class="receipts">
      {inspected.receipts.map((receipt) => (
        <li key={receipt.user.id}>
          <Avatar user={receipt.user} size="small" />
          <span class="name" dir="auto">{displayName(receipt.user)}</span>
          <time class="soft" dateTime={receipt.read_at}>{formatDateTime(receipt.read_at)}</time>
        </li>
      ))}
    </ul>
  );
}

// One message: two of its versions side by side with what changed, and who read it when.

import { result } from "@wasgo/chat";
import { type InspectedMessage, type RevisionOut, inspectMessage } from "@wasgo/chat/rest";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Icon } from "../shared/icons.tsx";
import { whole } from "../shared/times.ts";
import { addressOf, go } from "./router.ts";
import { type Piece, compare } from "./diff.ts";
import { Waiting } from "./operator-controls.tsx";
import { useClient, useLoad } from "./session.ts";
import { formatNumber, operatorText } from "./text.ts";

export function MessagePane({ id, conversation }: { id: string; conversation: string }) {
  const client = useClient();
  const loaded = useLoad(`message ${id}`, () => result(inspectMessage({ client, path: { message_id: id } })));
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") go({ section: "conversations", conversation });
  };
  return (
    <section class="pane message-pane" aria-labelledby="message-title" onKeyDown={key}>
      <header class="pane-top">
        <a class="icon-button" href={addressOf({ section: "conversations", conversation })} aria-label={operatorText.close} title={operatorText.close}><Icon name="close" /></a>
        <h2 id="message-title" tabIndex={-1} ref={title}>{operatorText.message}</h2>
      </header>
      <div class="scroll" tabIndex={0} role="group" aria-label={operatorText.message}>
        <Waiting of={loaded} />
        {loaded.data && <Inspected of={loaded.data} />}
      </div>
    </section>
  );
}

function Inspected({ of }: { of: InspectedMessage }) {
  return (
    <div class="inspected">
      <section>
        <h3>{operatorText.versions}</h3>
        {of.revisions.length === 1 ? <Only of={of} /> : <Versions of={of.revisions} />}
      </section>
      <section>
        <h3>{operatorText.readBy}</h3>
        <Receipts of={of} />
      </section>
      <section>
        <h3>{operatorText.details}</h3>
        <dl class="facts">
          <dt>{operatorText.sender}</dt>
          <dd dir="auto">{of.message.sender ? `${nameOf(of.message.sender)} (${of.message.sender.id})` : operatorText.system}</dd>
          <dt>{operatorText.seq}</dt>
          <dd>{formatNumber(of.message.seq)}</dd>
          <dt>{operatorText.id}</dt>
          <dd class="code">{of.message.id}</dd>
        </dl>
      </section>
    </div>
  );
}

function Only({ of }: { of: InspectedMessage }) {
  const [only] = of.revisions;
  return (
    <>
      <p class="soft">{of.message.revision === 1 ? operatorText.neverEdited : operatorText.versionPurged}</p>
      {only && <Version of={only} label={operatorText.version(only.revision)} pieces={[{ text: only.content ?? "", isChanged: false }]} />}
    </>
  );
}

function Versions({ of }: { of: readonly RevisionOut[] }) {
  const [left, setLeft] = useState(of.length - 2);
  const [right, setRight] = useState(of.length - 1);
  const before = of[left];
  const after = of[right];
  if (!before || !after) return null;
  const found = compare(before.content ?? "", after.content ?? "");
  return (
    <div class="versions">
      <div>
        <Picker label={operatorText.before} of={of} chosen={left} choose={setLeft} />
        <Version of={before} label={operatorText.before} pieces={found.before} change="del" />
      </div>
      <div>
        <Picker label={operatorText.after} of={of} chosen={right} choose={setRight} />
        <Version of={after} label={operatorText.after} pieces={found.after} change="ins" />
      </div>
    </div>
  );
}

function Picker({ label, of, chosen, choose }: { label: string; of: readonly RevisionOut[]; chosen: number; choose: (at: number) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <span class="pick">
        <select class="input" value={chosen} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {of.map((one, at) => <option key={one.revision} value={at}>{operatorText.version(one.revision)}</option>)}
        </select>
      </span>
    </label>
  );
}

function Version({ of, label, pieces, change: Change = "ins" }: { of: RevisionOut; label: string; pieces: readonly Piece[]; change?: "ins" | "del" }) {
  return (
    <article class="version" aria-label={label}>
      <p class="text" dir="auto">
        {of.content === null && <em class="soft">{operatorText.deleted}</em>}
        {of.content === "" && <em class="soft">{operatorText.emptyVersion}</em>}
        {pieces.map((piece, at) => (piece.isChanged ? <Change key={at}>{piece.text}</Change> : <span key={at}>{piece.text}</span>))}
      </p>
      {of.written_at && <time class="soft" dateTime={of.written_at}>{operatorText.writtenAt(whole(of.written_at))}</time>}
    </article>
  );
}

function Receipts({ of }: { of: InspectedMessage }) {
  if (of.receipts.length === 0) return <p class="soft">{operatorText.notRead}</p>;
  return (
    <ul class="receipts">
      {of.receipts.map((one) => (
        <li key={one.user.id}>
          <Avatar person={one.user} size="small" />
          <span class="name" dir="auto">{nameOf(one.user)}</span>
          <time class="soft" dateTime={one.read_at}>{whole(one.read_at)}</time>
        </li>
      ))}
    </ul>
  );
}

// Small parts that only this page has.

import type { ParticipantOut } from "@wasgo/chat/rest";
import { Badge, Button, Spinner } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import type { More } from "./pages.ts";
import type { Loaded } from "./session.ts";
import { words } from "./text.ts";

/** What stands where something is still loaded, or could not be. */
export function Waiting({ of }: { of: Loaded<unknown> }) {
  if (of.error === undefined) return of.data === undefined ? <p class="waiting"><Spinner label={text.loading} /></p> : null;
  return (
    <div class="waiting" role="alert">
      <p>{words.failed}</p>
      <Button icon="retry" onClick={of.again}>{words.again}</Button>
    </div>
  );
}

/** The end of a list that goes on; its button stays, and has the focus still, while it loads and where that failed. */
export function MoreOf({ of, label = words.more }: { of: More | undefined; label?: string }) {
  if (!of) return null;
  const load = () => {
    if (!of.isLoading) void of.load();
  };
  return (
    <div class="more">
      {of.hasFailed && <p role="alert" class="error">{words.moreFailed}</p>}
      <Button aria-disabled={of.isLoading} onClick={load}>{of.isLoading ? text.loading : of.hasFailed ? words.again : label}</Button>
    </div>
  );
}

const ROLE_TONES: Record<ParticipantOut["role"], string> = { admin: "job", moderator: "support", participant: "", observer: "" };

export function RoleBadge({ of }: { of: ParticipantOut["role"] }) {
  return <Badge tone={ROLE_TONES[of]}>{words.roles[of]}</Badge>;
}

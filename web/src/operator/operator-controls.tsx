// Small parts that only this page has.

import { Badge, Button, Spinner } from "../shared/controls.tsx";
import { ROLES, type Role } from "../shared/labels/roles.ts";
import { text } from "../shared/text.ts";
import type { More } from "./pagination.ts";
import type { Loaded } from "./session.ts";
import { operatorText } from "./text.ts";

/** What stands where something is still loaded, or could not be. */
export function Waiting({ of }: { of: Loaded<unknown> }) {
  if (of.error === undefined) return of.data === undefined ? <p class="waiting"><Spinner label={text.loading} /></p> : null;
  return (
    <div class="waiting" role="alert">
      <p>{operatorText.loadFailed}</p>
      <Button icon="retry" onClick={of.again}>{operatorText.retry}</Button>
    </div>
  );
}

/** The end of a list that goes on; its button stays, and has the focus still, while it loads and where that failed. */
export function MoreOf({ of, label = operatorText.more }: { of: More | undefined; label?: string }) {
  if (!of) return null;
  const load = () => {
    if (!of.isLoading) void of.load();
  };
  return (
    <div class="more">
      {of.hasFailed && <p role="alert" class="error">{operatorText.moreFailed}</p>}
      <Button aria-disabled={of.isLoading} onClick={load}>{of.isLoading ? text.loading : of.hasFailed ? operatorText.retry : label}</Button>
    </div>
  );
}

export function RoleBadge({ of }: { of: Role }) {
  return <Badge tone={ROLES[of].tone}>{ROLES[of].label}</Badge>;
}

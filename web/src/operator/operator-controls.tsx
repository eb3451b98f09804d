import { Badge, Button, Spinner } from "../shared/controls.tsx";
import { ROLES, type Role } from "../shared/labels/roles.ts";
import { text } from "../shared/text.ts";
import type { AsyncState } from "../shared/use-async.ts";
import { operatorText } from "./text.ts";
import type { NextPage } from "./use-paginated.ts";

/** A spinner while data is loading, or the error with a retry button. */
export function LoadState({ state }: { state: AsyncState<unknown> }) {
  if (state.error === undefined) return state.data === undefined ? <p class="waiting"><Spinner label={text.loading} /></p> : null;
  return (
    <div class="waiting" role="alert">
      <p>{operatorText.loadFailed}</p>
      <Button icon="retry" onClick={state.reload}>{operatorText.retry}</Button>
    </div>
  );
}

/** Loads the next page. The button stays, and keeps the focus, while a page is loading and after a failure. */
export function LoadMoreButton({ next, label = operatorText.more }: { next: NextPage | undefined; label?: string }) {
  if (!next) return null;
  const load = () => {
    if (!next.isLoading) void next.load();
  };
  return (
    <div class="more">
      {next.hasFailed && <p role="alert" class="error">{operatorText.moreFailed}</p>}
      <Button aria-disabled={next.isLoading} onClick={load}>{next.isLoading ? text.loading : next.hasFailed ? operatorText.retry : label}</Button>
    </div>
  );
}

export function RoleBadge({ role }: { role: Role }) {
  return <Badge tone={ROLES[role].tone}>{ROLES[role].label}</Badge>;
}

// Small parts that only this page has.

import { Button, Spinner } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
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

import { text } from "../shared/text.ts";
import { Dialog } from "./ui/dialog.tsx";

export function Shortcuts({ close }: { close: () => void }) {
  return (
    <Dialog title={text.shortcuts} close={close}>
      <dl class="shortcuts">
        {text.shortcutList.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

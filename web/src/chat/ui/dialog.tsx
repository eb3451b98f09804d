// A modal <dialog>: the browser traps the focus and closes it with Esc; closing returns the focus to where it was.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { IconButton } from "../../shared/controls.tsx";
import { text } from "../../shared/text.ts";
import { Toast } from "./toast.tsx";
import { useCloseOnBack } from "./use-close-on-back.ts";

export function Dialog({ title, close, kind = "", tools, onKeyDown, children }: {
  title: string;
  close: () => void;
  /** `tray`: at the edge of the window; `viewer`: the whole window. */
  kind?: "" | "tray" | "viewer";
  tools?: ComponentChildren;
  /** Called wherever in the dialog the focus is. */
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useCloseOnBack(true, () => element.current?.close());
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${kind}`}
      aria-labelledby={heading}
      onClose={close}
      onClick={(event) => event.target === element.current && element.current?.close()}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.stopPropagation();
        onKeyDown?.(event);
      }}
    >
      <div class="sheet">
        <header>
          <h2 id={heading} dir="auto">{title}</h2>
          {tools}
          <IconButton icon="close" label={text.close} onClick={() => element.current?.close()} />
        </header>
        {children}
        <Toast />
      </div>
    </dialog>
  );
}

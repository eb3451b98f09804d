// A toast for failed actions whose failure has no place of its own on the page.

import type { ComponentChildren } from "preact";
import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";

const VISIBLE_MS = 8_000;

interface ToastState {
  readonly message: string;
  show(message: string): void;
}

const Context = createContext<ToastState>({ message: "", show: () => {} });

export function ToastProvider({ children }: { children: ComponentChildren }) {
  // A new object per message, so that repeating a message restarts the timer.
  const [toast, setToast] = useState({ message: "" });
  useEffect(() => {
    if (!toast.message) return undefined;
    const timer = setTimeout(() => setToast({ message: "" }), VISIBLE_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  const value = useMemo(() => ({ message: toast.message, show: (message: string) => setToast({ message }) }), [toast]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** Renders the toast. A modal dialog needs one as well: the page behind it is inert. */
export function Toast() {
  const { message, show } = useContext(Context);
  return (
    <div class="toast" role="status">
      {message && (
        <p>
          <Icon name="warn" />
          {message}
          <IconButton icon="close" label={text.dismiss} onClick={() => show("")} />
        </p>
      )}
    </div>
  );
}

export function useToast(): (message: string) => void {
  return useContext(Context).show;
}

/** Returns a function that shows a toast if an action fails; `message` gets the error text. */
export function useActionWithToast(): (action: Promise<unknown>, message: (reason: string) => string) => void {
  const showToast = useToast();
  return (action, message) => void action.catch((error: unknown) => showToast(message(errorText(error))));
}

/** A user-facing text for an error of the SDK. */
export function errorText(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code ?? "no_answer";
  return text.errors[code] ?? text.unknownError;
}

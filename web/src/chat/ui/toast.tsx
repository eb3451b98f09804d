// What failed, said once and for a moment: every act that the page cannot show the failure of in its place.

import type { ComponentChildren } from "preact";
import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";

const SHOWN_MS = 8_000;

interface Toasts {
  readonly said: string;
  tell(words: string): void;
}

const Context = createContext<Toasts>({ said: "", tell: () => {} });

export function ToastProvider({ children }: { children: ComponentChildren }) {
  // An object for each telling: the same words again are shown as long again.
  const [told, setTold] = useState({ words: "" });
  useEffect(() => {
    if (!told.words) return undefined;
    const timer = setTimeout(() => setTold({ words: "" }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const value = useMemo(() => ({ said: told.words, tell: (words: string) => setTold({ words }) }), [told]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** Where it is shown. A dialog has one of its own: what is behind it can be neither seen nor heard. */
export function Toast() {
  const { said } = useContext(Context);
  return (
    <div class="toast" role="status">
      {said && (
        <p>
          <Icon name="warn" />
          {said}
        </p>
      )}
    </div>
  );
}

export function useTell(): (words: string) => void {
  return useContext(Context).tell;
}

/** Does something, and says so where it fails; `words` gets the reason. */
export function useAttempt(): (act: Promise<unknown>, words: (why: string) => string) => void {
  const tell = useTell();
  return (act, words) => void act.catch((error: unknown) => tell(words(whyOf(error))));
}

/** Why something was refused, as far as people want to know. */
export function whyOf(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code ?? "no_answer";
  return text.errors[code] ?? text.unknownError;
}

// Something that a view asks the service for when it is opened: there, on its way, or failed and to be asked for again.

import { useEffect, useState } from "preact/hooks";

export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly isFailed: boolean;
  set(value: Value): void;
  again(): void;
}

export function useLoaded<Value>(load: () => Promise<Value>, about: readonly unknown[]): Loaded<Value> {
  const [value, set] = useState<Value>();
  const [isFailed, setIsFailed] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isWanted = true;
    setIsFailed(false);
    load().then(
      (found) => isWanted && set(() => found),
      () => isWanted && setIsFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [...about, attempt]);
  return { value, isFailed, set: (next) => set(() => next), again: () => setAttempt((before) => before + 1) };
}

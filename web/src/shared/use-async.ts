import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface AsyncState<Data> {
  /** The latest result for the current key. */
  readonly data: Data | undefined;
  /** What the latest attempt failed with; kept while a retry is running. */
  readonly error: unknown;
  readonly isLoading: boolean;
  setData(data: Data): void;
  reload(): void;
}

interface Settled<Data> {
  readonly key: string;
  readonly isLoading: boolean;
  readonly data?: Data;
  readonly error?: unknown;
}

/** Calls `load` for a key and again when the key changes. A result that arrives after its key was replaced is dropped. */
export function useAsync<Data>(key: string, load: () => Promise<Data>): AsyncState<Data> {
  const [state, setState] = useState<Settled<Data>>({ key, isLoading: true });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isCurrent = true;
    setState((before) => {
      if (before.key !== key) return { key, isLoading: true };
      return before.isLoading ? before : { ...before, isLoading: true };
    });
    latest.current().then(
      (data) => isCurrent && setState({ key, data, isLoading: false }),
      (error: unknown) => isCurrent && setState((before) => ({ ...before, error, isLoading: false })),
    );
    return () => {
      isCurrent = false;
    };
  }, [key, attempt]);
  const setData = useCallback((data: Data) => setState((before) => ({ key: before.key, data, isLoading: false })), []);
  const reload = useCallback(() => setAttempt((before) => before + 1), []);
  const { data, error, isLoading }: Settled<Data> = state.key === key ? state : { key, isLoading: true };
  return { data, error, isLoading, setData, reload };
}

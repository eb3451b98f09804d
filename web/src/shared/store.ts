// Observable state, of the SDK or of the page, and the hooks by which views render it again after a change.

import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";

export interface Store<State> {
  readonly state: State;
  subscribe(listener: () => void): () => void;
}

/** The page's own observable state, kept outside the views. */
export class Writable<State> implements Store<State> {
  readonly #listeners = new Set<() => void>();

  constructor(public state: State) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(state: State): void {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}

export function useStore<State>(store: Store<State>): State {
  const rerender = useRerender();
  useLayoutEffect(() => {
    rerender();
    return store.subscribe(rerender);
  }, [store, rerender]);
  return store.state;
}

/** Returns a function that renders the view again. */
export function useRerender(): () => void {
  const [, rerender] = useReducer<number, void>((count) => count + 1, 0);
  return rerender as () => void;
}

/** Listens to an event; always calls the latest `handler`. */
export function useEvent(target: EventTarget, name: string, handler: (event: Event) => void): void {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    const listener = (event: Event) => latest.current(event);
    target.addEventListener(name, listener);
    return () => target.removeEventListener(name, listener);
  }, [target, name]);
}

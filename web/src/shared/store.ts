// How views follow what the SDK keeps: they draw its state, and again after every change.

import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";

export interface Store<State> {
  readonly state: State;
  subscribe(fn: () => void): () => void;
}

/** State that the page keeps itself, beside its views. */
export class Kept<State> implements Store<State> {
  readonly #subscribers = new Set<() => void>();

  constructor(public state: State) {}

  subscribe(fn: () => void): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
  }

  become(state: State): void {
    if (this.state === state) return;
    this.state = state;
    for (const fn of this.#subscribers) fn();
  }
}

export function useStore<State>(store: Store<State>): State {
  const again = useAgain();
  useLayoutEffect(() => {
    again();
    return store.subscribe(again);
  }, [store, again]);
  return store.state;
}

/** Draws the view again. */
export function useAgain(): () => void {
  const [, again] = useReducer<number, void>((count) => count + 1, 0);
  return again as () => void;
}

/** Calls the newest `heard` at an event of the window or document. */
export function useEvent(target: EventTarget, name: string, heard: (event: Event) => void): void {
  const newest = useRef(heard);
  newest.current = heard;
  useEffect(() => {
    const listener = (event: Event) => newest.current(event);
    target.addEventListener(name, listener);
    return () => target.removeEventListener(name, listener);
  }, [target, name]);
}

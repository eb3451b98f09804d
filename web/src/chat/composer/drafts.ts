// Unsent messages, stored in this browser by user and conversation.

import { Writable } from "../../shared/store.ts";

const PREFIX = "wasgo-chat.draft";

class Drafts extends Writable<ReadonlyMap<string, string>> {
  constructor() {
    super(new Map(storedDrafts()));
    // Drafts saved or sent in another tab.
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(PREFIX)) this.set(new Map(storedDrafts()));
    });
  }

  save(key: string, content: string): void {
    if ((this.state.get(key) ?? "") === content) return;
    const state = new Map(this.state);
    if (content) state.set(key, content);
    else state.delete(key);
    try {
      if (content) localStorage.setItem(key, content);
      else localStorage.removeItem(key);
    } catch {
      // Storage is blocked or full: the draft lasts until the page is closed.
    }
    this.set(state);
  }
}

function* storedDrafts(): Generator<[string, string]> {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX)) yield [key, localStorage.getItem(key) ?? ""];
    }
  } catch {
    // Storage is blocked.
  }
}

export const drafts = new Drafts();

export function draftKey(user: string, conversation: string): string {
  return `${PREFIX} ${user} ${conversation}`;
}

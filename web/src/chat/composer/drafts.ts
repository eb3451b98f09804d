// What was begun in each conversation and not sent: kept in this browser, by user and conversation.

import { Kept } from "../../shared/store.ts";

const PREFIX = "wasgo-chat.draft";

class Drafts extends Kept<ReadonlyMap<string, string>> {
  constructor() {
    super(new Map(stored()));
    // What another tab begins or sends.
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(PREFIX)) this.become(new Map(stored()));
    });
  }

  set(key: string, words: string): void {
    if ((this.state.get(key) ?? "") === words) return;
    const state = new Map(this.state);
    if (words) state.set(key, words);
    else state.delete(key);
    try {
      if (words) localStorage.setItem(key, words);
      else localStorage.removeItem(key);
    } catch {
      // No storage, or none left: it lives as long as the page.
    }
    this.become(state);
  }
}

function* stored(): Generator<[string, string]> {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX)) yield [key, localStorage.getItem(key) ?? ""];
    }
  } catch {
    // A browser without storage.
  }
}

export const drafts = new Drafts();

export function draftKey(user: string, conversation: string): string {
  return `${PREFIX} ${user} ${conversation}`;
}

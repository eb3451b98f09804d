// Messages on their way, and those refused: kept until the service has acknowledged them, or somebody has given them up;
// across reloads where the store lasts.

import type { SendMessageFrame } from "./generated/frames.js";

/** What a message says. */
export type Draft = Omit<SendMessageFrame, "type" | "ref" | "conversation_id" | "client_id">;

/** A message on its way. `clientId` makes it safe to send as often as it takes. */
export interface OutboxEntry {
  readonly clientId: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly draft: Draft;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly createdAt: number;
  /** Set where it was refused for good: the code. It stays until somebody retries or discards it. */
  readonly failed?: string;
}

/** Where messages on their way are kept. */
export interface OutboxStore {
  /** All of a user's entries, oldest first. */
  load(userId: string): Promise<OutboxEntry[]>;
  put(entry: OutboxEntry): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** Keeps them as long as the page lives. */
export class MemoryOutbox implements OutboxStore {
  readonly #entries = new Map<string, OutboxEntry>();

  async load(userId: string): Promise<OutboxEntry[]> {
    return [...this.#entries.values()].filter((entry) => entry.userId === userId);
  }

  async put(entry: OutboxEntry): Promise<void> {
    this.#entries.set(entry.clientId, entry);
  }

  async remove(clientId: string): Promise<void> {
    this.#entries.delete(clientId);
  }
}

const STORE = "outbox";

/** Keeps them in the browser, so that they survive a reload. */
export class IndexedDbOutbox implements OutboxStore {
  #opened: Promise<IDBDatabase> | undefined;

  constructor(private readonly name = "wasgo-chat") {}

  async load(userId: string): Promise<OutboxEntry[]> {
    const entries: OutboxEntry[] = await this.#do("readonly", (store) => store.getAll());
    return entries.filter((entry) => entry.userId === userId).sort((one, other) => one.createdAt - other.createdAt);
  }

  async put(entry: OutboxEntry): Promise<void> {
    await this.#do("readwrite", (store) => store.put(entry));
  }

  async remove(clientId: string): Promise<void> {
    await this.#do("readwrite", (store) => store.delete(clientId));
  }

  async #do<Result>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    this.#opened ??= this.#open();
    const transaction = (await this.#opened).transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "clientId" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }
}

/** The lasting store where there is one. */
export function defaultOutbox(): OutboxStore {
  return typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox();
}

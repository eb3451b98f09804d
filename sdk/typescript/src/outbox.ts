// Stores for outgoing messages. An entry stays until the message is stored by the service, or discarded after a failure. In a
// persistent store it survives reloads.

import type { SendMessageFrame } from "./generated/frames.js";

/** The content of a message. */
export type Draft = Omit<SendMessageFrame, "type" | "ref" | "conversation_id" | "client_id">;

/** An outgoing message. The service stores it once per `clientId`, so sending it repeatedly is safe. */
export interface OutboxEntry {
  readonly clientId: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly draft: Draft;
  /** Unix milliseconds, by the clock of this machine. */
  readonly createdAt: number;
  /** The error code, if the service has rejected the message. It stays until the user retries or discards it. */
  readonly failed?: string;
}

export interface OutboxStore {
  /** Loads all entries of a user, oldest first. */
  load(userId: string): Promise<OutboxEntry[]>;
  /** Saves an entry, and replaces the one with the same `clientId`. */
  put(entry: OutboxEntry): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** Keeps entries in memory, until the page or process ends. */
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

/** Keeps entries in the browser's IndexedDB, so that they survive a reload. */
export class IndexedDbOutbox implements OutboxStore {
  #database: Promise<IDBDatabase> | undefined;

  constructor(private readonly name = "wasgo-chat") {}

  async load(userId: string): Promise<OutboxEntry[]> {
    const entries: OutboxEntry[] = await this.#run("readonly", (store) => store.getAll());
    return entries.filter((entry) => entry.userId === userId).sort((one, other) => one.createdAt - other.createdAt);
  }

  async put(entry: OutboxEntry): Promise<void> {
    await this.#run("readwrite", (store) => store.put(entry));
  }

  async remove(clientId: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(clientId));
  }

  async #run<Result>(
    mode: IDBTransactionMode,
    operation: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    this.#database ??= this.#open();
    const transaction = (await this.#database).transaction(STORE, mode);
    const request = operation(transaction.objectStore(STORE));
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

/** IndexedDB where available, else memory. */
export function defaultOutbox(): OutboxStore {
  return typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox();
}

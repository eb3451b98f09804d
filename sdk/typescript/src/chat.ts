// The one object an application makes: a connection, a REST client, and the conversations it follows.

import { Connection, type ConnectionState, type WebSocketMaker } from "./connection.js";
import { Conversation } from "./conversation.js";
import type { AttachmentOut, Limits, ServerFrame } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { getConversation, getMessage, getUnreadCounts, listMessages, markConversationRead } from "./generated/rest/sdk.gen.js";
import { Inbox } from "./inbox.js";
import { type OutboxStore, defaultOutbox } from "./outbox.js";
import { ReadAfter } from "./read-after.js";
import { type Fetch, makeClient, result } from "./rest.js";
import type { Surroundings } from "./surroundings.js";
import { type TokenProvider, Tokens, readToken } from "./token.js";
import { type UploadOptions, upload } from "./upload.js";

export interface ChatOptions {
  /** Where the service is: `https://chat.example`. */
  readonly url: string;
  /** Gives a token of the user; asked again before it ends and when it is refused. */
  readonly token: TokenProvider;
  /** Where messages on their way are kept; IndexedDB where there is one. */
  readonly outbox?: OutboxStore;
  /** In place of the global one: the package `ws` on Node before 22. */
  readonly WebSocket?: WebSocketMaker;
  readonly fetch?: Fetch;
}

const PAGE = 50;
const COUNT_MS = 300;

export class Chat {
  /** For the generated REST functions: `listConversations({ client: chat.client })`. */
  readonly client: Client;
  readonly #url: string;
  readonly #make: WebSocketMaker;
  readonly #connection: Connection;
  readonly #tokens: Tokens;
  readonly #readAfter = new ReadAfter();
  readonly #conversations = new Map<string, Conversation>();
  readonly #around: Surroundings;
  readonly #subscribers = new Set<() => void>();
  #inbox: Inbox | undefined;
  #userId = "";
  #counting: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChatOptions) {
    const url = options.url.replace(/\/$/, "");
    this.#url = url;
    const outbox = options.outbox ?? defaultOutbox();
    this.#tokens = new Tokens(options.token);
    this.client = makeClient(url, this.#tokens, options.fetch ?? globalThis.fetch.bind(globalThis), this.#readAfter);
    const events = {
      opened: () => this.#each((one) => void one.follow()),
      lost: () => this.#each((one) => one.lost()),
      frame: (frame: ServerFrame) => this.#hear(frame),
      changed: () => this.#subscribers.forEach((fn) => fn()),
      spoke: () => this.#readAfter.forget(),
    };
    this.#make = options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketMaker);
    this.#connection = new Connection(`${url.replace(/^http/, "ws")}/ws/chat/`, this.#tokens, events, this.#make);
    this.#around = this.#makeSurroundings(outbox);
  }

  /** Connects, and takes up what was on its way before a reload. Rejects where no token is given. */
  async start(): Promise<this> {
    this.#userId = readToken(await this.#tokens.get()).subject;
    const kept = await this.#around.outbox.load(this.#userId).catch(() => []);
    for (const entry of kept) this.conversation(entry.conversationId).resume(entry);
    this.#connection.start();
    return this;
  }

  /** Ends everything. What is on its way stays in the outbox. */
  stop(): void {
    clearTimeout(this.#counting);
    this.#each((one) => one.stop());
    this.#inbox?.stop();
    this.#connection.stop();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** What the service takes, as its `hello` said last; unknown before the first. It is there when the state is `open`. */
  get limits(): Limits | undefined {
    return this.#connection.hello?.limits;
  }

  get userId(): string {
    return this.#userId;
  }

  /** Calls `fn` when the state of the connection changes; gives what ends that. */
  subscribe(fn: () => void): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
  }

  /** The list of conversations, presence and notifications; connected from the first use on. */
  get inbox(): Inbox {
    if (!this.#inbox) {
      const url = `${this.#url.replace(/^http/, "ws")}/ws/notifications/`;
      this.#inbox = new Inbox(url, this.client, this.#tokens, this.#make, this.#readAfter);
      this.#inbox.start();
    }
    return this.#inbox;
  }

  /** Sends a file ahead of its message; its id goes into `attachment_ids`. */
  upload(conversationId: string, file: File, options?: UploadOptions): Promise<AttachmentOut> {
    // In a browser it does not go by the client, which would notice what was written.
    return upload(this.#url, this.client, this.#tokens, conversationId, file, options).finally(() => this.#readAfter.forget());
  }

  /** A conversation, followed from now on; the same object for the same id. */
  conversation(id: string): Conversation {
    let found = this.#conversations.get(id);
    if (!found) {
      found = new Conversation(id, this.#around);
      this.#conversations.set(id, found);
      if (this.state === "open") void found.follow();
    }
    return found;
  }

  /** Stops following a conversation. */
  leave(id: string): void {
    this.#conversations.get(id)?.stop();
    this.#conversations.delete(id);
    this.#connection.say({ type: "unsubscribe", conversation_id: id });
  }

  #makeSurroundings(outbox: OutboxStore): Surroundings {
    const { client } = this;
    return {
      connection: this.#connection,
      outbox,
      userId: () => this.#userId,
      loadConversation: (conversation_id) => result(getConversation({ client, path: { conversation_id } })),
      loadMessages: (conversation, before_seq) => {
        const query = before_seq === undefined ? { conversation, limit: PAGE } : { conversation, limit: PAGE, before_seq };
        return result(listMessages({ client, query }));
      },
      loadMessage: (message_id) => result(getMessage({ client, path: { message_id } })),
      markAllRead: (conversation_id) => result(markConversationRead({ client, path: { conversation_id } })),
      countUnread: () => this.#countSoon(),
    };
  }

  #hear(frame: ServerFrame): void {
    if ("conversation_id" in frame && typeof frame.conversation_id === "string") {
      this.#conversations.get(frame.conversation_id)?.take(frame);
    }
  }

  /** One question for a burst of changes, and for all conversations. */
  #countSoon(): void {
    this.#counting ??= setTimeout(() => void this.#count(), COUNT_MS);
  }

  async #count(): Promise<void> {
    this.#counting = undefined;
    try {
      const counts = await result(getUnreadCounts({ client: this.client }));
      this.#each((one) => one.counted(counts.conversations[one.id] ?? 0));
    } catch {
      // The next change, or the next connection, asks again.
    }
  }

  #each(act: (conversation: Conversation) => void): void {
    for (const conversation of this.#conversations.values()) act(conversation);
  }
}

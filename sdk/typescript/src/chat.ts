// The main entry point: a connection, a REST client, and the conversations that the application follows.

import { Connection, type ConnectionState, type WebSocketConstructor } from "./connection.js";
import type { ConversationContext } from "./context.js";
import { Conversation } from "./conversation.js";
import type { AttachmentOut, Limits, ServerFrame } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { getConversation, getMessage, getUnreadCounts, listMessages, markConversationRead } from "./generated/rest/sdk.gen.js";
import { Inbox } from "./inbox.js";
import { type OutboxStore, defaultOutbox } from "./outbox.js";
import { ReadAfter } from "./read-after.js";
import { type Fetch, createRestClient, unwrap } from "./rest-client.js";
import { TokenCache, type TokenProvider, decodeToken } from "./tokens.js";
import { type UploadOptions, upload } from "./upload.js";

export interface ChatOptions {
  /** Base URL of the service: `https://chat.example`. */
  readonly url: string;
  /** Returns a token of the user. Called at the start, before the token expires, and when the service rejects it. */
  readonly token: TokenProvider;
  /** Where outgoing messages are kept. Default: IndexedDB where available, else memory. */
  readonly outbox?: OutboxStore;
  /** Default: the global one. Node before 22 has none: pass the one of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  readonly fetch?: Fetch;
}

const MESSAGES_PAGE = 50;
const UNREAD_REFRESH_DELAY_MS = 300;

export class Chat {
  /** For the generated REST functions: `listConversations({ client: chat.client })`. */
  readonly client: Client;
  readonly #url: string;
  readonly #WebSocket: WebSocketConstructor;
  readonly #connection: Connection;
  readonly #tokens: TokenCache;
  readonly #readAfter = new ReadAfter();
  readonly #conversations = new Map<string, Conversation>();
  readonly #context: ConversationContext;
  readonly #listeners = new Set<() => void>();
  #inbox: Inbox | undefined;
  #starting: Promise<this> | undefined;
  #userId = "";
  #unreadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChatOptions) {
    this.#url = options.url.replace(/\/$/, "");
    this.#tokens = new TokenCache(options.token);
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.client = createRestClient(this.#url, this.#tokens, fetch, this.#readAfter);
    const events = {
      onOpen: () => this.#forEachConversation((conversation) => void conversation._subscribe()),
      onDisconnect: () => this.#forEachConversation((conversation) => conversation._onDisconnect()),
      onFrame: (frame: ServerFrame) => this.#onFrame(frame),
      onStateChange: () => this.#listeners.forEach((listener) => listener()),
      onActivity: () => this.#readAfter.invalidate(),
    };
    this.#WebSocket = options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketConstructor);
    this.#connection = new Connection(this.#socketUrl("chat"), this.#tokens, events, this.#WebSocket);
    this.#context = this.#createContext(options.outbox ?? defaultOutbox());
  }

  /**
   * Connects, and sends the messages that the outbox has kept over a reload. Rejects if the token provider fails. Does nothing
   * if the chat is started already; after `stop` it starts again.
   */
  start(): Promise<this> {
    if (this.#starting && this.state !== "stopped") return this.#starting;
    const starting = this.#start(() => this.#starting === starting);
    this.#starting = starting;
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    return starting;
  }

  async #start(isCurrent: () => boolean): Promise<this> {
    const token = await this.#tokens.get();
    if (!isCurrent()) return this;
    this.#userId = decodeToken(token).subject;
    const entries = await this.#context.outbox.load(this.#userId).catch(() => []);
    if (!isCurrent()) return this;
    for (const entry of entries) this.conversation(entry.conversationId)._resume(entry);
    this.#connection.start();
    this.#inbox?._start();
    return this;
  }

  /** Closes all connections. Unsent messages stay in the outbox. `start` connects again. */
  stop(): void {
    this.#starting = undefined;
    clearTimeout(this.#unreadTimer);
    this.#unreadTimer = undefined;
    this.#forEachConversation((conversation) => conversation._stop());
    this.#inbox?._stop();
    this.#connection.stop();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The limits of the service, from its last `hello`. Undefined before the first connection. */
  get limits(): Limits | undefined {
    return this.#connection.hello?.limits;
  }

  /** The features that the service has switched on, from its last `hello`. Undefined before the first connection. */
  get features(): readonly string[] | undefined {
    return this.#connection.hello?.features;
  }

  get userId(): string {
    return this.#userId;
  }

  /** Calls `listener` when `state` changes. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The list of conversations, presence and notifications. It has a connection of its own, from its first use on. */
  get inbox(): Inbox {
    if (!this.#inbox) {
      const url = this.#socketUrl("notifications");
      this.#inbox = new Inbox(url, this.client, this.#tokens, this.#WebSocket, this.#readAfter);
      if (this.#starting && this.#userId) this.#inbox._start();
    }
    return this.#inbox;
  }

  /** Uploads a file. Pass the id of the attachment to `send` in `attachment_ids`. */
  upload(conversationId: string, file: File, options?: UploadOptions): Promise<AttachmentOut> {
    const uploaded = upload(this.#url, this.client, this.#tokens, conversationId, file, options);
    // In a browser the upload does not use the REST client, so its response does not update the position.
    return uploaded.finally(() => this.#readAfter.invalidate());
  }

  /** Follows a conversation. Returns the same object for the same id until `unfollow`. */
  conversation(id: string): Conversation {
    let conversation = this.#conversations.get(id);
    if (!conversation) {
      conversation = new Conversation(id, this.#context);
      this.#conversations.set(id, conversation);
      if (this.state === "open") void conversation._subscribe();
    }
    return conversation;
  }

  /** Stops following a conversation. */
  unfollow(id: string): void {
    this.#conversations.get(id)?._stop();
    this.#conversations.delete(id);
    this.#connection.send({ type: "unsubscribe", conversation_id: id });
  }

  #createContext(outbox: OutboxStore): ConversationContext {
    const { client } = this;
    return {
      connection: this.#connection,
      outbox,
      userId: () => this.#userId,
      loadConversation: async (conversation_id) => {
        const conversation = await unwrap(getConversation({ client, path: { conversation_id } }));
        this.#inbox?._onOpened(conversation);
        return conversation;
      },
      loadMessages: (conversation, position) =>
        unwrap(listMessages({ client, query: { conversation, limit: MESSAGES_PAGE, ...position } })),
      loadMessage: (message_id) => unwrap(getMessage({ client, path: { message_id } })),
      markAllRead: (conversation_id) => unwrap(markConversationRead({ client, path: { conversation_id } })),
      // One request for a burst of changes in any number of conversations.
      scheduleUnreadRefresh: () => {
        this.#unreadTimer ??= setTimeout(() => void this.#refreshUnread(), UNREAD_REFRESH_DELAY_MS);
      },
    };
  }

  #onFrame(frame: ServerFrame): void {
    if ("conversation_id" in frame && typeof frame.conversation_id === "string") {
      this.#conversations.get(frame.conversation_id)?._apply(frame);
    }
  }

  async #refreshUnread(): Promise<void> {
    this.#unreadTimer = undefined;
    try {
      const counts = await unwrap(getUnreadCounts({ client: this.client }));
      this.#forEachConversation((conversation) => conversation._setUnread(counts.conversations[conversation.id] ?? 0));
    } catch {
      // The next change or connection schedules another request.
    }
  }

  #socketUrl(name: "chat" | "notifications"): string {
    return `${this.#url.replace(/^http/, "ws")}/ws/${name}/`;
  }

  #forEachConversation(act: (conversation: Conversation) => void): void {
    for (const conversation of this.#conversations.values()) act(conversation);
  }
}

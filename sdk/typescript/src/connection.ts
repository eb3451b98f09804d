// Keeps one WebSocket to the service open: authenticates, matches answers to requests by `ref`, and reconnects. It does
// not interpret frames about conversations.

import { backoff } from "./backoff.js";
import { reconnectPolicy } from "./close-codes.js";
import { ChatError } from "./errors.js";
import type { ClientFrame, Hello, ServerFrame } from "./generated/frames.js";
import { type TokenCache, decodeToken } from "./tokens.js";

export type ConnectionState = "connecting" | "open" | "waiting" | "stopped";
/** The part of the WebSocket interface that is used here: browsers, Node 22 and the package `ws` all have it. */
export type WebSocketLike = Pick<WebSocket, "send" | "close"> & {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
};
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

type Ack = Extract<ServerFrame, { type: "ack" }>;
type WithoutRef<Frame> = Frame extends unknown ? Omit<Frame, "ref"> : never;
/** A client frame before it has a `ref`. */
export type OutgoingFrame = WithoutRef<ClientFrame>;

export interface ConnectionEvents {
  /** The service has sent `hello`. */
  onOpen(hello: Hello): void;
  /** A frame that is not an answer to a request. */
  onFrame(frame: ServerFrame): void;
  /** The connection is closed. The outcome of unanswered requests is unknown. */
  onDisconnect(code: number): void;
  onStateChange(state: ConnectionState): void;
  /** A frame was sent or received. */
  onActivity(): void;
}

interface PendingRequest {
  resolve(ack: Ack): void;
  reject(error: ChatError): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

const SUBPROTOCOL = "wasgo.chat.v1";
const PROBE_TIMEOUT_MS = 5_000;
/** After the browser has reported that the network is gone. */
const OFFLINE_PROBE_TIMEOUT_MS = 1_000;
/** How long nothing may arrive after a request before the connection is probed. */
const ANSWER_TIMEOUT_MS = 5_000;
const MAX_RENEW_AHEAD_MS = 60_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
// The service answers an `unsubscribe` from an unknown conversation, so the probe uses it as a ping.
const PROBE_CONVERSATION_ID = "00000000-0000-7000-8000-000000000000";

export class Connection {
  state: ConnectionState = "waiting";
  hello: Hello | undefined;
  #isStarted = false;
  #socket: WebSocketLike | undefined;
  #token = "";
  #attempt = 0;
  #lastRef = 0;
  #lastFrameAt = 0;
  readonly #pendingRequests = new Map<string, PendingRequest>();
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  #renewalTimer: ReturnType<typeof setTimeout> | undefined;
  #silenceTimer: ReturnType<typeof setInterval> | undefined;
  readonly #removeListeners: (() => void)[] = [];

  constructor(
    private readonly url: string,
    private readonly tokens: TokenCache,
    private readonly events: ConnectionEvents,
    private readonly WebSocket: WebSocketConstructor,
  ) {}

  /** Connects. Does nothing while it is connected or reconnecting; after `stop` it connects again. */
  start(): void {
    if (this.#isStarted && this.state !== "stopped") return;
    this.#isStarted = true;
    this.#unlisten(); // the service has stopped the connection, so `stop` was not called
    this.#attempt = 0;
    this.#setState("waiting");
    this.#listen("online", () => this.#reconnectOrProbe());
    // The browser may be wrong: a service on this machine or in the local network can still be reached.
    this.#listen("offline", () => this.state === "open" && this.#probe(OFFLINE_PROBE_TIMEOUT_MS));
    this.#listen("visibilitychange", () => {
      if (globalThis.document.visibilityState === "visible") this.#reconnectOrProbe();
    });
    void this.#open();
  }

  /** Closes the connection and does not reconnect until `start`. */
  stop(): void {
    this.#setState("stopped");
    this.#unlisten();
    clearTimeout(this.#reconnectTimer);
    this.#disconnect(1000);
  }

  /** Sends a frame and resolves with its ack. Rejects with `connection_lost` if none comes: the outcome is unknown. */
  request(frame: OutgoingFrame): Promise<Ack> {
    if (this.state !== "open") return Promise.reject(connectionLost());
    const ref = `r${++this.#lastRef}`;
    const maxBytes = this.hello?.limits.frame_bytes ?? Infinity;
    if (new TextEncoder().encode(JSON.stringify({ ...frame, ref })).length > maxBytes) {
      return Promise.reject(new ChatError("frame_too_large", `the frame is larger than ${maxBytes} bytes`));
    }
    return new Promise((resolve, reject) => {
      const sentAt = Date.now();
      const timer = setTimeout(() => this.#lastFrameAt < sentAt && this.#probe(), ANSWER_TIMEOUT_MS);
      this.#pendingRequests.set(ref, { resolve, reject, timer });
      this.#write({ ...frame, ref } as ClientFrame);
    });
  }

  /** Sends a frame that needs no answer. Does nothing while there is no connection. */
  send(frame: OutgoingFrame): void {
    if (this.state === "open") this.#write(frame as ClientFrame);
  }

  #write(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
    this.events.onActivity();
  }

  async #open(): Promise<void> {
    clearTimeout(this.#reconnectTimer);
    if (this.state === "stopped" || this.#socket) return;
    this.#setState("connecting");
    try {
      this.#token = await this.tokens.get();
    } catch {
      this.#scheduleReconnect(backoff(this.#attempt++));
      return;
    }
    // Another call may have stopped or opened the connection in the meantime.
    if ((this.state as ConnectionState) === "stopped" || this.#socket) return;
    const socket = new this.WebSocket(this.url, [SUBPROTOCOL, `bearer.${this.#token}`]);
    this.#socket = socket;
    socket.onmessage = (event: { data: unknown }) => {
      if (socket === this.#socket && typeof event.data === "string") this.#onFrame(JSON.parse(event.data) as ServerFrame);
    };
    socket.onclose = (event: { code: number; reason: string }) => {
      if (socket === this.#socket) this.#onClose(event.code, event.reason);
    };
    socket.onerror = () => {}; // a close event follows
  }

  #onFrame(frame: ServerFrame): void {
    this.#lastFrameAt = Date.now();
    this.events.onActivity();
    if (frame.type === "hello") {
      this.#attempt = 0;
      this.hello = frame as Hello;
      this.#setState("open");
      this.#scheduleRenewal();
      this.#detectSilence(frame.heartbeat_s);
      this.events.onOpen(this.hello);
      return;
    }
    if ((frame.type === "ack" || frame.type === "error") && frame.ref !== null) {
      const request = this.#pendingRequests.get(frame.ref);
      this.#pendingRequests.delete(frame.ref);
      clearTimeout(request?.timer);
      if (frame.type === "ack") request?.resolve(frame);
      else request?.reject(new ChatError(frame.code, frame.detail, frame.retry_after_s ?? undefined));
      return;
    }
    this.events.onFrame(frame);
  }

  #onClose(code: number, reason: string): void {
    this.#disconnect(code);
    if (this.state === "stopped") return;
    const decision = reconnectPolicy(code, reason, this.#attempt++);
    if (decision.action === "stop") {
      this.#setState("stopped");
    } else if (decision.action === "new_token") {
      this.#setState("waiting");
      this.tokens.renew("refused", this.#token).then(
        () => this.#scheduleReconnect(decision.seconds),
        () => this.#scheduleReconnect(backoff(this.#attempt)),
      );
    } else {
      this.#scheduleReconnect(decision.seconds);
    }
  }

  #disconnect(code: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#renewalTimer);
    clearInterval(this.#silenceTimer);
    socket?.close();
    const unanswered = [...this.#pendingRequests.values()];
    this.#pendingRequests.clear();
    for (const request of unanswered) {
      clearTimeout(request.timer);
      request.reject(connectionLost(code));
    }
    if (socket) this.events.onDisconnect(code);
  }

  #scheduleReconnect(seconds: number): void {
    if (this.state === "stopped") return;
    this.#setState("waiting");
    clearTimeout(this.#reconnectTimer);
    if (globalThis.navigator?.onLine === false) return; // the `online` event reconnects
    const isHidden = globalThis.document?.visibilityState === "hidden";
    this.#reconnectTimer = setTimeout(() => void this.#open(), seconds * 1000 * (isHidden ? 2 : 1));
  }

  /** The network or the page is back: reconnects at once, or checks that the open connection still works. */
  #reconnectOrProbe(): void {
    if (this.state === "waiting") void this.#open();
    else if (this.state === "open") this.#probe();
  }

  #probe(timeoutMs = PROBE_TIMEOUT_MS): void {
    const socket = this.#socket;
    const timeout = setTimeout(() => {
      if (socket === this.#socket) this.#onClose(1006, "no answer");
    }, timeoutMs);
    this.request({ type: "unsubscribe", conversation_id: PROBE_CONVERSATION_ID }).then(
      () => clearTimeout(timeout),
      () => clearTimeout(timeout),
    );
  }

  #detectSilence(heartbeatS: number): void {
    clearInterval(this.#silenceTimer);
    this.#silenceTimer = setInterval(() => {
      if (Date.now() - this.#lastFrameAt >= 2000 * heartbeatS) this.#probe();
    }, 1000 * heartbeatS);
  }

  #scheduleRenewal(): void {
    clearTimeout(this.#renewalTimer);
    const left = decodeToken(this.#token).expiresAt * 1000 - Date.now();
    const wait = Math.max(0, left - Math.min(MAX_RENEW_AHEAD_MS, left / 5));
    this.#renewalTimer = setTimeout(() => void this.#renewToken(), Math.min(wait, MAX_TIMER_MS));
  }

  async #renewToken(): Promise<void> {
    const previous = this.#token;
    try {
      const token = await this.tokens.renew("expiring", previous);
      if (token === previous || this.state !== "open") return;
      await this.request({ type: "refresh_token", token });
      this.#token = token;
      this.#scheduleRenewal();
    } catch {
      // When the current token expires the service closes with 4401, which requests a new token.
    }
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.events.onStateChange(state);
  }

  #listen(event: "online" | "offline" | "visibilitychange", listener: () => void): void {
    const target = event === "visibilitychange" ? globalThis.document : globalThis.window;
    if (typeof target?.addEventListener !== "function") return;
    target.addEventListener(event, listener);
    this.#removeListeners.push(() => target.removeEventListener(event, listener));
  }

  #unlisten(): void {
    for (const remove of this.#removeListeners.splice(0)) remove();
  }
}

function connectionLost(code = 1006): ChatError {
  return new ChatError("connection_lost", `the connection was lost (${code}); the outcome is unknown`);
}

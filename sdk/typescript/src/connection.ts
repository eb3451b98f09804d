// One socket to the service that is always being kept open: token, greeting, answers by `ref`, reconnecting.
// What the frames mean for a conversation is not known here.

import { afterClose, backoff } from "./closing.js";
import { ChatError } from "./errors.js";
import type { ClientFrame, Hello, ServerFrame } from "./generated/frames.js";
import { type Tokens, readToken } from "./token.js";

export type ConnectionState = "connecting" | "open" | "waiting" | "stopped";
/** What of WebSocket is used here; that of browsers, of Node 22, or of the package `ws`. */
export type WebSocketLike = Pick<WebSocket, "send" | "close"> & {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
};
export type WebSocketMaker = new (url: string, protocols: string[]) => WebSocketLike;

type Answer = Extract<ServerFrame, { type: "ack" }>;
type Said = ClientFrame extends infer Frame ? (Frame extends unknown ? Omit<Frame, "ref"> : never) : never;

export interface ConnectionEvents {
  /** The socket is open and greeted. */
  opened(hello: Hello): void;
  frame(frame: ServerFrame): void;
  /** The socket is gone; what was not answered has an unknown outcome. */
  lost(code: number): void;
  changed(state: ConnectionState): void;
  /** Something was said or heard. */
  spoke(): void;
}

const SUBPROTOCOL = "wasgo.chat.v1";
const PROBE_S = 5;
const MAX_TIMER_MS = 2 ** 31 - 1;
// Following this is refused nowhere and ends nothing: a question that only wants an answer.
const NOWHERE = "00000000-0000-7000-8000-000000000000";

export class Connection {
  state: ConnectionState = "waiting";
  hello: Hello | undefined;
  #socket: WebSocketLike | undefined;
  #token = "";
  #attempt = 0;
  #refs = 0;
  #heardAt = 0;
  readonly #waiting = new Map<string, { resolve(answer: Answer): void; reject(error: ChatError): void }>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setInterval> | undefined;
  readonly #forget: (() => void)[] = [];

  constructor(
    private readonly url: string,
    private readonly tokens: Tokens,
    private readonly events: ConnectionEvents,
    private readonly make: WebSocketMaker,
  ) {}

  start(): void {
    this.#watch("online", () => this.#wake());
    this.#watch("visibilitychange", () => globalThis.document.visibilityState === "visible" && this.#wake());
    void this.#open();
  }

  /** Ends it for good. */
  stop(): void {
    this.#become("stopped");
    for (const forget of this.#forget.splice(0)) forget();
    clearTimeout(this.#retry);
    this.#drop(1000);
  }

  /** Says something and waits for its answer. Rejects with `connection_lost` where none came: the outcome is unknown. */
  ask(frame: Said): Promise<Answer> {
    if (this.state !== "open") return Promise.reject(lost());
    const ref = `r${++this.#refs}`;
    const most = this.hello?.limits.frame_bytes ?? Infinity;
    if (new TextEncoder().encode(JSON.stringify({ ...frame, ref })).length > most) {
      return Promise.reject(new ChatError("frame_too_large", `a frame has at most ${most} bytes`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject });
      this.#send({ ...frame, ref } as ClientFrame);
    });
  }

  /** Says something that needs no answer; nothing happens while there is no connection. */
  say(frame: Said): void {
    if (this.state === "open") this.#send(frame as ClientFrame);
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
    this.events.spoke();
  }

  async #open(): Promise<void> {
    clearTimeout(this.#retry);
    if (this.state === "stopped" || this.#socket) return;
    this.#become("connecting");
    try {
      this.#token = await this.tokens.get();
    } catch {
      this.#again(backoff(this.#attempt++));
      return;
    }
    // It may have been stopped, or opened by somebody else, meanwhile.
    if ((this.state as ConnectionState) === "stopped" || this.#socket) return;
    const socket = new this.make(this.url, [SUBPROTOCOL, `bearer.${this.#token}`]);
    this.#socket = socket;
    socket.onmessage = (event: { data: unknown }) => {
      if (socket === this.#socket && typeof event.data === "string") this.#hear(JSON.parse(event.data) as ServerFrame);
    };
    socket.onclose = (event: { code: number; reason: string }) => {
      if (socket === this.#socket) this.#closed(event.code, event.reason);
    };
    socket.onerror = () => {}; // a close follows
  }

  #hear(frame: ServerFrame): void {
    this.#heardAt = Date.now();
    this.events.spoke();
    if (frame.type === "hello") {
      this.#attempt = 0;
      this.hello = frame as Hello;
      this.#become("open");
      this.#renewBeforeExpiry();
      this.#watchSilence(frame.heartbeat_s);
      this.events.opened(this.hello);
      return;
    }
    if ((frame.type === "ack" || frame.type === "error") && frame.ref !== null) {
      const asked = this.#waiting.get(frame.ref);
      this.#waiting.delete(frame.ref);
      if (frame.type === "ack") asked?.resolve(frame);
      else asked?.reject(new ChatError(frame.code, frame.detail, frame.retry_after_s ?? undefined));
      return;
    }
    this.events.frame(frame);
  }

  #closed(code: number, reason: string): void {
    this.#drop(code);
    if (this.state === "stopped") return;
    const next = afterClose(code, reason, this.#attempt++);
    if (next.kind === "stop") {
      this.#become("stopped");
    } else if (next.kind === "new-token") {
      this.#become("waiting");
      const renewed = this.tokens.renew("refused", this.#token);
      renewed.then(() => this.#again(next.seconds), () => this.#again(backoff(this.#attempt)));
    } else {
      this.#again(next.seconds);
    }
  }

  #drop(code: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#renewal);
    clearInterval(this.#silence);
    socket?.close();
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const asked of unanswered) asked.reject(lost(code));
    if (socket) this.events.lost(code);
  }

  #again(seconds: number): void {
    if (this.state === "stopped") return;
    this.#become("waiting");
    clearTimeout(this.#retry);
    if (globalThis.navigator?.onLine === false) return; // `online` wakes us
    const isHidden = globalThis.document?.visibilityState === "hidden";
    this.#retry = setTimeout(() => void this.#open(), seconds * 1000 * (isHidden ? 2 : 1));
  }

  /** Something changed in our favour: try at once, or see whether the socket is still there. */
  #wake(): void {
    if (this.state === "waiting") void this.#open();
    else if (this.state === "open") this.#probe();
  }

  #probe(): void {
    const socket = this.#socket;
    const tooLate = setTimeout(() => socket === this.#socket && this.#closed(1006, "no answer"), PROBE_S * 1000);
    this.ask({ type: "unsubscribe", conversation_id: NOWHERE }).then(
      () => clearTimeout(tooLate),
      () => clearTimeout(tooLate),
    );
  }

  #watchSilence(heartbeatS: number): void {
    clearInterval(this.#silence);
    this.#silence = setInterval(() => {
      if (Date.now() - this.#heardAt >= 2000 * heartbeatS) this.#probe();
    }, 1000 * heartbeatS);
  }

  #renewBeforeExpiry(): void {
    clearTimeout(this.#renewal);
    const left = readToken(this.#token).expiresAt * 1000 - Date.now();
    const wait = Math.max(0, left - Math.min(60_000, left / 5));
    this.#renewal = setTimeout(() => void this.#renew(), Math.min(wait, MAX_TIMER_MS));
  }

  async #renew(): Promise<void> {
    const before = this.#token;
    try {
      const token = await this.tokens.renew("expiring", before);
      if (token === before || this.state !== "open") return;
      await this.ask({ type: "refresh_token", token });
      this.#token = token;
      this.#renewBeforeExpiry();
    } catch {
      // Not renewed: the service closes with 4401 when the token ends, and a new one is asked for then.
    }
  }

  #become(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.events.changed(state);
  }

  #watch(name: "online" | "visibilitychange", heard: () => void): void {
    const target = name === "online" ? globalThis.window : globalThis.document;
    if (typeof target?.addEventListener !== "function") return;
    target.addEventListener(name, heard);
    this.#forget.push(() => target.removeEventListener(name, heard));
  }
}

function lost(code = 1006): ChatError {
  return new ChatError("connection_lost", `the connection was lost (${code}); the outcome is unknown`);
}

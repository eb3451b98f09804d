// A TCP proxy between a page and the service that can be disconnected and restored.

import { type Socket, connect, createServer } from "node:net";

export class NetworkProxy {
  #isConnected = true;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => {
    if (!this.#isConnected) {
      client.destroy();
      return;
    }
    const upstream = connect(this.to, "127.0.0.1");
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });

  constructor(
    readonly port: number,
    private readonly to: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, "127.0.0.1", resolve));
    return this;
  }

  disconnect(): void {
    this.#isConnected = false;
    for (const one of this.#sockets) one.destroy();
  }

  restore(): void {
    this.#isConnected = true;
  }

  async stop(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

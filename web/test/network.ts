// The network between a page and the service: it can be cut, and come back.

import { type Socket, connect, createServer } from "node:net";

export class Network {
  #isUp = true;
  readonly #open = new Set<Socket>();
  readonly #server = createServer((near) => {
    if (!this.#isUp) {
      near.destroy();
      return;
    }
    const far = connect(this.to, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]] as const) {
      this.#open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#open.delete(one);
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

  cut(): void {
    this.#isUp = false;
    for (const one of this.#open) one.destroy();
  }

  restore(): void {
    this.#isUp = true;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

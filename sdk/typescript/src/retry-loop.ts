// Something that has to be done at last: tried again until it succeeds, later each time.

import { backoff } from "./closing.js";

export class Insistent {
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `act` is given whether it is still wanted: what began before the newest `begin` must not change anything. */
  constructor(
    private readonly act: (isWanted: () => boolean) => Promise<void>,
    private readonly failed: (error: unknown) => void = () => {},
  ) {}

  /** Begins, in place of what is under way. */
  begin(attempt = 0): void {
    this.end();
    const turn = this.#turn;
    const isWanted = () => turn === this.#turn;
    this.act(isWanted).catch((error: unknown) => {
      if (!isWanted()) return;
      this.#timer = setTimeout(() => this.begin(attempt + 1), 1000 * backoff(attempt));
      this.failed(error);
    });
  }

  end(): void {
    this.#turn++;
    clearTimeout(this.#timer);
  }
}

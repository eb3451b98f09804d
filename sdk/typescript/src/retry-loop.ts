// Retries a task with backoff until it succeeds.

import { backoff } from "./backoff.js";

export class RetryLoop {
  #generation = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `task` gets a function that tells whether its run is still current. A run that is not must not change any state. */
  constructor(
    private readonly task: (isCurrent: () => boolean) => Promise<void>,
    private readonly onFailure: (error: unknown) => void = () => {},
  ) {}

  /** Starts the task, and cancels the run in progress. */
  start(attempt = 0): void {
    this.stop();
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    this.task(isCurrent).catch((error: unknown) => {
      if (!isCurrent()) return;
      this.#timer = setTimeout(() => this.start(attempt + 1), 1000 * backoff(attempt));
      this.onFailure(error);
    });
  }

  stop(): void {
    this.#generation++;
    clearTimeout(this.#timer);
  }
}

// What this user has seen of the service's database, in its own word: sent back with what is read, so that a standby
// answers only if it has all of that. "Reading after" in docs/protocol.md; where there are no standbys, nothing is said.

const HEADER = "X-Read-After";

export class ReadAfter {
  #word: string | undefined;
  #turn = 0;

  /** More was said or heard than the word knows of: until there is another, the newest is read. */
  forget(): void {
    this.#word = undefined;
    this.#turn++;
  }

  /** Makes a request ready; what it gives is called with the answer, or with nothing where none came. */
  ask(request: Request): (answer?: Response) => void {
    const isRead = request.method === "GET";
    if (isRead && this.#word !== undefined) request.headers.set(HEADER, this.#word);
    const turn = this.#turn;
    return (answer) => {
      const word = answer?.headers.get(HEADER) ?? undefined;
      if (isRead && (word === undefined || word === this.#word)) return;
      // Words cannot be compared: of two that were asked for at the same time, neither is known to be the newer.
      this.#word = turn === this.#turn ? word : undefined;
      this.#turn++;
    };
  }
}

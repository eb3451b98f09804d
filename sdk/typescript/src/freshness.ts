// What was heard after a question was asked is newer than its answer: an answer must not undo it.

export class News {
  #count = 0;
  readonly #heard = new Map<string, number>();

  /** Something was heard of one of them. */
  hear(id: string): void {
    this.#heard.set(id, ++this.#count);
  }

  /** A question is asked now; tells of which ones something was heard since. */
  ask(): (id: string) => boolean {
    const asked = this.#count;
    return (id) => (this.#heard.get(id) ?? 0) > asked;
  }
}

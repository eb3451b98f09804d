// Detects responses that are older than what was received since their request: such a response must not overwrite it.

export class ChangeTracker {
  #changes = 0;
  readonly #lastChange = new Map<string, number>();

  /** Records that the item was changed, or received, just now. */
  changed(id: string): void {
    this.#lastChange.set(id, ++this.#changes);
  }

  /** Call it before a request. The returned function tells whether an item has changed since. */
  begin(): (id: string) => boolean {
    const start = this.#changes;
    return (id) => (this.#lastChange.get(id) ?? 0) > start;
  }
}

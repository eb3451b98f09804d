// Heights and positions of the rows of a virtual list: measured once a row was rendered, estimated before that.

const LINE_PX = 21;
const CHARS_PER_LINE = 55;

export class RowHeights {
  readonly #measured = new Map<string, number>();
  #keys: readonly string[] = [];
  #index = new Map<string, number>();
  /** The top of each row, then the bottom of the last. */
  #tops = new Float64Array(1);

  /** Sets the rows; `lengthOf` gives the number of characters of a row, to estimate its height until it is measured. */
  setRows(keys: readonly string[], lengthOf: (index: number) => number): void {
    this.#keys = keys;
    this.#index = new Map(keys.map((key, at) => [key, at]));
    this.#tops = new Float64Array(keys.length + 1);
    for (const [at, key] of keys.entries()) {
      const estimate = 28 + LINE_PX * Math.ceil((lengthOf(at) + 8) / CHARS_PER_LINE);
      this.#tops[at + 1] = (this.#tops[at] ?? 0) + (this.#measured.get(key) ?? estimate);
    }
  }

  /** Stores a measured height; returns whether it differs from the one in use. */
  measure(key: string, height: number): boolean {
    const at = this.#index.get(key);
    if (at === undefined || Math.abs(this.top(at + 1) - this.top(at) - height) < 0.5) return false;
    this.#measured.set(key, height);
    return true;
  }

  get total(): number {
    return this.#tops[this.#keys.length] ?? 0;
  }

  top(at: number): number {
    return this.#tops[Math.max(0, Math.min(at, this.#keys.length))] ?? 0;
  }

  indexOf(key: string): number | undefined {
    return this.#index.get(key);
  }

  /** The index of the row at a vertical position. */
  rowAt(y: number): number {
    let [low, high] = [0, Math.max(0, this.#keys.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

// A word-level diff of two texts, by their longest common subsequence.

export interface Piece {
  readonly text: string;
  readonly isChanged: boolean;
}

// With more word pairs than this the whole middle counts as changed: the comparison would freeze the page.
const MAX_PAIRS = 4_000_000;

export function compare(before: string, after: string): { before: Piece[]; after: Piece[] } {
  const a = tokenize(before);
  const b = tokenize(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [keptA, keptB] = commonSubsequence(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return {
    before: toPieces(a, [...allTrue(start), ...keptA, ...allTrue(end)]),
    after: toPieces(b, [...allTrue(start), ...keptB, ...allTrue(end)]),
  };
}

const allTrue = (count: number) => Array<boolean>(count).fill(true);

/** Words, runs of whitespace, and single other characters. */
function tokenize(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

/** For each token of both texts, whether it is in the common subsequence. */
function commonSubsequence(a: string[], b: string[]): [boolean[], boolean[]] {
  const inA = Array<boolean>(a.length).fill(false);
  const inB = Array<boolean>(b.length).fill(false);
  if (a.length * b.length > MAX_PAIRS) return [inA, inB];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      inA[i++] = true;
      inB[j++] = true;
    } else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return [inA, inB];
}

function toPieces(parts: string[], isKept: boolean[]): Piece[] {
  const merged: { text: string; isChanged: boolean }[] = [];
  parts.forEach((part, at) => {
    const isChanged = !isKept[at];
    const last = merged.at(-1);
    if (last && last.isChanged === isChanged) last.text += part;
    else merged.push({ text: part, isChanged });
  });
  return merged;
}

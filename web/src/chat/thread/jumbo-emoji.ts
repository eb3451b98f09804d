// Messages of up to three emojis are shown large.

const MAX_EMOJIS = 3;
/** The longest emojis, families with skin tones, have 35 code units. */
const MAX_LENGTH = MAX_EMOJIS * 40;
// As a string: the build target has no `v` flag, the supported browsers do.
const EMOJI = new RegExp("^\\p{RGI_Emoji}$", "v");
const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function isJumboEmoji(content: string): boolean {
  if (content === "" || content.length > MAX_LENGTH) return false;
  const graphemes = [...GRAPHEMES.segment(content)].map(({ segment }) => segment).filter((one) => one.trim() !== "");
  // Without U+FE0F some emojis are text by default: ❤.
  return graphemes.length > 0 && graphemes.length <= MAX_EMOJIS && graphemes.every((one) => EMOJI.test(one) || EMOJI.test(`${one}\u{FE0F}`));
}

// Splits text into links and plain text. Addresses and e-mail addresses are found by linkifyjs, which is loaded after the
// page, as it is a third of its size; phone numbers in international notation here, as others may be order numbers or prices.

import { Writable } from "../../shared/store.ts";

export interface TextPart {
  readonly text: string;
  readonly href?: string;
}

type Tokenize = typeof import("linkifyjs").tokenize;

/** linkifyjs also finds `file:` and `ftp:`; on Windows, a `file:` link sends the reader's password hash to its host. */
const LINKED = /^(https?|mailto):/i;

const PHONE = /(?<![\w+])(\+\d(?:[ \-./]?\(?\d\)?){6,14})(?!\w)/;

/** Undefined until it is loaded; until then only phone numbers are links. */
export const linkTokenizer = new Writable<Tokenize | undefined>(undefined);

import("linkifyjs").then(
  ({ tokenize }) => linkTokenizer.set(tokenize),
  () => {}, // offline: messages are shown without links
);

export function splitLinks(content: string, tokenize: Tokenize | undefined): readonly TextPart[] {
  if (!tokenize) return splitPhoneNumbers(content);
  return tokenize(content).flatMap((token) => {
    const text = token.toString();
    const href = token.isLink ? token.toHref("https") : "";
    return LINKED.test(href) ? { text, href } : splitPhoneNumbers(text);
  });
}

function splitPhoneNumbers(content: string): readonly TextPart[] {
  return content.split(PHONE).map((part, at) => (at % 2 === 1 ? { text: part, href: `tel:${part.replace(/[^+\d]/g, "")}` } : { text: part }));
}

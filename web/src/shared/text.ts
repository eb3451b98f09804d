// The texts of the chat page in the language of the user. To add a language, add its file to locales/ and its name to
// locale.ts; the type below reports every text that it lacks. The operator page is English (operator/text.ts).

import { LANGUAGE } from "./locale.ts";
import { en } from "./locales/en.ts";

type Translated<Value> = Value extends string
  ? string
  : Value extends (...values: infer Values) => string
    ? (...values: Values) => string
    : { readonly [Key in keyof Value]: Translated<Value[Key]> };

export type Text = Translated<typeof en>;

export { DIRECTION, LOCALE } from "./locale.ts";

/** English is part of the page; other languages are loaded when needed. */
export const text: Text = LANGUAGE === "de" ? (await import("./locales/de.ts")).de : en;

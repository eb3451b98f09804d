// The language of the page, by the preferences of the browser, and the locale for dates and numbers.

/** The languages that have texts in locales/. The first one is used when the user prefers none of them. */
const LANGUAGES = ["en", "de"] as const;
const DEFAULT_LOCALE = "en-GB";

export type Language = (typeof LANGUAGES)[number];

// A page without translations declares its language: <html data-language="en">.
const fixed = globalThis.document?.documentElement.dataset.language;
const preferred: readonly string[] = fixed ? [] : (globalThis.navigator?.languages ?? []);
const languageOf = (locale: string) => LANGUAGES.find((language) => language === locale.split("-")[0]?.toLowerCase());
const match = preferred.find(languageOf) ?? DEFAULT_LOCALE;

export const LANGUAGE: Language = languageOf(match) ?? LANGUAGES[0];

/** The locale that the user prefers, in the language of the page: `en-US` has other times than `en-GB`. */
export const LOCALE = match;

/** No language of the page is written from right to left yet; the layout supports it. */
export const DIRECTION: "ltr" | "rtl" = "ltr";

const LIST = new Intl.ListFormat(LOCALE, { type: "conjunction" });

/** Ana, Bo and Cy */
export function list(names: readonly string[]): string {
  return LIST.format(names);
}

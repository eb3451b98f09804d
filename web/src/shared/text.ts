// Every word that the pages say, in one place: translate this file, and set LOCALE and the direction.

export const LOCALE = "en-GB";
export const DIRECTION: "ltr" | "rtl" = "ltr";

export const text = {
  product: "wasgo-chat",
  today: "Today",
  yesterday: "Yesterday",
  loading: "Loading…",
  operatorTitle: "Operator",
  themeLight: "Light theme",
  themeDark: "Dark theme",
} as const;

import { LOCALE } from "./text.ts";

const UNITS = ["B", "kB", "MB", "GB"] as const;

/** In decimal units: 1.2 MB. */
export function formatFileSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${new Intl.NumberFormat(LOCALE, { maximumFractionDigits: power > 1 ? 1 : 0 }).format(bytes / 1000 ** power)} ${UNITS[power]}`;
}

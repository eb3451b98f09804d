// Dates and times, formatted in the user's locale and the browser's time zone.

import { LOCALE, text } from "./text.ts";

const TIME = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const WEEKDAY = new Intl.DateTimeFormat(LOCALE, { weekday: "long" });
const DAY = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const SHORT_OF_YEAR = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const DATE_TIME = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Calendar days between two dates, in local time. */
function daysAgo(then: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}

/** 14:05, or 2:05 pm, by the locale. */
export function formatTime(iso: string): string {
  return TIME.format(new Date(iso));
}

/** Today, Yesterday, Monday 3 March; with the year if it is not the current one. */
export function formatDay(iso: string, now = new Date()): string {
  const then = new Date(iso);
  const days = daysAgo(then, now);
  if (days === 0) return text.today;
  if (days === 1) return text.yesterday;
  return (then.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(then);
}

/** Equal for times on the same day. */
export function dayKey(iso: string): string {
  const then = new Date(iso);
  return `${then.getFullYear()}-${then.getMonth()}-${then.getDate()}`;
}

/** Short, for lists: 14:05, Yesterday, Monday, 3 Mar, 3 Mar 2024. */
export function formatShortDate(iso: string, now = new Date()): string {
  const then = new Date(iso);
  const days = daysAgo(then, now);
  if (days === 0) return TIME.format(then);
  if (days === 1) return text.yesterday;
  if (days < 7) return WEEKDAY.format(then);
  return (then.getFullYear() === now.getFullYear() ? SHORT : SHORT_OF_YEAR).format(then);
}

/** Date and time in full, for tooltips. */
export function formatDateTime(iso: string): string {
  return DATE_TIME.format(new Date(iso));
}

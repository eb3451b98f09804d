// Routes of the operator page, kept in the URL fragment so that they can be bookmarked and shared.

import { useEffect, useState } from "preact/hooks";

export type Section = "conversations" | "failed-deliveries" | "metrics";
const SECTIONS: readonly Section[] = ["conversations", "failed-deliveries", "metrics"];

export interface Route {
  readonly section: Section;
  readonly conversation?: string;
  readonly tab?: "members";
  readonly message?: string;
}

export function hrefTo(route: Route): string {
  const parts: string[] = [route.section];
  if (route.conversation) parts.push(route.conversation, route.tab ?? "messages");
  if (route.conversation && route.message) parts.push(route.message);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function parseRoute(hash: string): Route {
  const [section, conversation, tab, message] = hash.replace(/^#\//, "").split("/").map(decode);
  const known = SECTIONS.find((one) => one === section);
  if (!known) return { section: "conversations" };
  return {
    section: known,
    ...(conversation ? { conversation } : {}),
    ...(tab === "members" ? { tab } : {}),
    ...(message ? { message } : {}),
  };
}

/** Malformed escapes decode to "": a truncated or mistyped URL must not break the page. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

export function navigate(route: Route): void {
  location.hash = hrefTo(route);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const onHashChange = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", onHashChange);
    return () => removeEventListener("hashchange", onHashChange);
  }, []);
  return route;
}

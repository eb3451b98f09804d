// The URL fragment holds the users and their open conversations: #ana/0199… for one pane, #ana/…+bo/… for two.

import { useState } from "preact/hooks";
import { useEvent } from "../shared/store.ts";

export interface PaneRoute {
  readonly user: string;
  readonly conversation: string | undefined;
}

function parseRoute(): readonly PaneRoute[] {
  const parts = location.hash.slice(1).split("+").filter(Boolean);
  return parts.map((part) => {
    const [user = "", conversation] = part.split("/").map(decodeURIComponent);
    return { user, conversation: conversation || undefined };
  });
}

function formatRoute(routes: readonly PaneRoute[]): string {
  const parts = routes.map((route) => [route.user, route.conversation].filter(Boolean).map((part) => encodeURIComponent(part ?? "")).join("/"));
  return `#${parts.join("+")}`;
}

/** The routes of the panes, and a function that changes them. The browser's back button works. */
export function useRoute(): [readonly PaneRoute[], (routes: readonly PaneRoute[]) => void] {
  const [routes, setRoutes] = useState(parseRoute);
  useEvent(window, "hashchange", () => setRoutes(parseRoute()));
  const navigate = (next: readonly PaneRoute[]) => {
    location.hash = formatRoute(next);
    setRoutes(next);
  };
  return [routes, navigate];
}

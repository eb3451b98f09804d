// The URL fragment holds the users, their open conversations and a message in them: #ana/0199… for one pane, #ana/…+bo/… for
// two, #ana/0199…/0199… for a message. A link that is passed on has no user: #/0199…/0199….

import { useState } from "preact/hooks";
import { useEvent } from "../shared/store.ts";

export interface PaneRoute {
  readonly user: string;
  readonly conversation: string | undefined;
  readonly message?: string | undefined;
}

function parseRoute(): readonly PaneRoute[] {
  const parts = location.hash.slice(1).split("+").filter(Boolean);
  return parts.map((part) => {
    const [user = "", conversation, message] = part.split("/").map(decodeURIComponent);
    return { user, conversation: conversation || undefined, message: message || undefined };
  });
}

function formatRoute(routes: readonly PaneRoute[]): string {
  const parts = routes.map((route) => [route.user, route.conversation, route.message].filter((part) => part !== undefined).map(encodeURIComponent).join("/"));
  return `#${parts.join("+")}`;
}

/** The address of a message, for anyone who may see it. */
export function messageLink(conversation: string, message: string): string {
  return location.href.split("#")[0] + formatRoute([{ user: "", conversation, message }]);
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

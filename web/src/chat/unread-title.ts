// How much is unread, in the title of the tab: of all sides together.

import { useEffect } from "preact/hooks";
import { text } from "../shared/text.ts";

const counts = new Map<string, number>();

function show(): void {
  document.title = text.pageTitle([...counts.values()].reduce((sum, one) => sum + one, 0));
}

export function useUnreadInTitle(user: string, unread: number): void {
  useEffect(() => {
    counts.set(user, unread);
    show();
    return () => {
      counts.delete(user);
      show();
    };
  }, [user, unread]);
}

// The unread count in the tab title, summed over all panes.

import { useEffect } from "preact/hooks";
import { text } from "../shared/text.ts";

const counts = new Map<string, number>();

function updateTitle(): void {
  document.title = text.pageTitle([...counts.values()].reduce((sum, one) => sum + one, 0));
}

export function useUnreadTitle(user: string, unread: number): void {
  useEffect(() => {
    counts.set(user, unread);
    updateTitle();
    return () => {
      counts.delete(user);
      updateTitle();
    };
  }, [user, unread]);
}

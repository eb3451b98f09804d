// The page's address says who is shown and which conversation: #ana/0199… for one side, #ana/…+bo/… for two.

import { useState } from "preact/hooks";
import { useEvent } from "../shared/store.ts";

export interface Side {
  readonly user: string;
  readonly conversation: string | undefined;
}

function read(): readonly Side[] {
  const sides = location.hash.slice(1).split("+").filter(Boolean);
  return sides.map((side) => {
    const [user = "", conversation] = side.split("/").map(decodeURIComponent);
    return { user, conversation: conversation || undefined };
  });
}

function written(sides: readonly Side[]): string {
  const parts = sides.map((one) => [one.user, one.conversation].filter(Boolean).map((part) => encodeURIComponent(part ?? "")).join("/"));
  return `#${parts.join("+")}`;
}

/** The sides, and how to go elsewhere; the browser's own back button works. */
export function useAddress(): [readonly Side[], (sides: readonly Side[]) => void] {
  const [sides, setSides] = useState(read);
  useEvent(window, "hashchange", () => setSides(read()));
  const go = (next: readonly Side[]) => {
    location.hash = written(next);
    setSides(next);
  };
  return [sides, go];
}

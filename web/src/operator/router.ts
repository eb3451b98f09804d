// Where on the page one is, in the part of the address behind #, so that it can be kept and sent.

import { useEffect, useState } from "preact/hooks";

export type Section = "conversations" | "letters" | "figures";
const SECTIONS: readonly Section[] = ["conversations", "letters", "figures"];

export interface Place {
  readonly section: Section;
  readonly conversation?: string;
  readonly part?: "members";
  readonly message?: string;
}

export function addressOf(place: Place): string {
  const parts: string[] = [place.section];
  if (place.conversation) parts.push(place.conversation, place.part ?? "messages");
  if (place.conversation && place.message) parts.push(place.message);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function placeOf(hash: string): Place {
  const [section, conversation, part, message] = hash.replace(/^#\//, "").split("/").map(decoded);
  const found = SECTIONS.find((one) => one === section);
  if (!found) return { section: "conversations" };
  return {
    section: found,
    ...(conversation ? { conversation } : {}),
    ...(part === "members" ? { part } : {}),
    ...(message ? { message } : {}),
  };
}

/** What somebody cut off or mistyped is no address of anything here; it must not keep the page from starting. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

export function go(place: Place): void {
  location.hash = addressOf(place);
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}

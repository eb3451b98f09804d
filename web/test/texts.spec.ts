// Pure functions on texts, without a browser: links, mentions, large emojis, system messages, names.

import { expect, test } from "@playwright/test";
import type { ParticipantOut } from "@wasgo/chat";
import { tokenize } from "linkifyjs";
import { mentionQuery, mentionedIds, suggestMembers } from "../src/chat/composer/mentions.ts";
import { systemText } from "../src/chat/conversation/system-text.ts";
import { isJumboEmoji } from "../src/chat/thread/jumbo-emoji.ts";
import { splitLinks } from "../src/chat/thread/links.ts";
import { shortNames } from "../src/shared/avatar.tsx";

function member(id: string, display_name: string, username = id): ParticipantOut {
  return { user: { id, username, display_name, avatar_url: null }, role: "participant", joined_at: "", left_at: null, last_read_seq: 0 };
}

const MEMBERS = [member("ana", "Ana Lima"), member("bo", "Bo Chen"), member("bo2", "Bo"), member("bo3", "Bo Chen"), member("zoe", "Zoë Ávila", "zoe.a")];
const user = (id: string) => (MEMBERS.find((one) => one.user.id === id) as ParticipantOut).user;

const mentioned = (content: string, ...chosen: string[]) => mentionedIds(content, chosen.map(user), MEMBERS, "ana");

test("a mention means the chosen member, never a namesake or a shorter name", () => {
  expect(mentioned("Hello @Bo Chen, please come", "bo")).toEqual(["bo"]);
  expect(mentioned("Hello @Bo Chen, please come", "bo3")).toEqual(["bo3"]);
  expect(mentioned("@Bo Chen and @Bo Chen", "bo3", "bo")).toEqual(["bo3", "bo"]);
  expect(mentioned("@Bo, not Bo Chen", "bo2")).toEqual(["bo2"]);
  expect(mentioned("no more @Bo Chen", "bo2", "bo")).toEqual(["bo"]);
  expect(mentioned("the name was deleted", "bo")).toEqual([]);
  // Typed by hand: only where it is clear who is meant.
  expect(mentioned("Hello @Bo Chen")).toEqual([]);
  expect(mentioned("@zoë ávila, @zoe avila or @ZOE.A")).toEqual(["zoe"]);
  expect(mentioned("mail me@bo2.example, @Bob or @Ana Lima")).toEqual([]);
});

const suggested = (query: string) => suggestMembers(MEMBERS, query, "ana").map(({ id }) => id);

test("suggestions match the begin of any word, whatever the accents", () => {
  expect(suggested("")).toEqual(["bo2", "bo", "bo3", "zoe"]);
  expect(suggested("che")).toEqual(["bo", "bo3"]);
  expect(suggested("avi")).toEqual(["zoe"]);
  expect(suggested("lima")).toEqual([]);
  expect(mentionQuery("Hi @Bo Ch", 9)).toEqual({ start: 3, query: "Bo Ch" });
  expect(mentionQuery("Hi @Bo", 2)).toBeUndefined();
  expect(mentionQuery("me@example", 10)).toBeUndefined();
  expect(mentionQuery("@ a", 3)).toBeUndefined();
  expect(mentionQuery("(@z", 3)).toEqual({ start: 1, query: "z" });
});

const links = (content: string) => splitLinks(content, tokenize).flatMap((part) => part.href ?? []);

test("addresses, e-mail addresses and phone numbers are links", () => {
  expect(links("see https://en.wikipedia.org/wiki/Fence_(barrier).")).toEqual(["https://en.wikipedia.org/wiki/Fence_(barrier)"]);
  expect(links("(https://example.org/a?b=c)")).toEqual(["https://example.org/a?b=c"]);
  expect(links("www.example.org, ana@example.org")).toEqual(["https://www.example.org", "mailto:ana@example.org"]);
  expect(links("Call +43 664 123-4567 or +1 (212) 555 0100!")).toEqual(["tel:+436641234567", "tel:+12125550100"]);
  expect(links("order 0123456789012, 5+5, javascript:alert(1), v1.2.3")).toEqual([]);
  expect(links("file:///etc/passwd, file://host.example/share, ftp://host.example/x")).toEqual([]);
  for (const content of ["a https://b.example c +43 664 1234567 d", "https://x.example/(a", ""]) {
    expect(splitLinks(content, tokenize).map((part) => part.text).join("")).toBe(content);
  }
});

test("up to three emojis are large, whichever they are", () => {
  for (const content of ["😀", "👍👍👍", "🇦🇹", "👨‍👩‍👧‍👦", "👍🏽 🎉", "❤", "1️⃣"]) expect(isJumboEmoji(content), content).toBe(true);
  for (const content of ["", "1", "👍 ok", "👍👍👍👍", "#", "😀".repeat(500)]) expect(isJumboEmoji(content), content).toBe(false);
});

const text = (content: string, metadata: Record<string, unknown>) => systemText({ message_type: "system", content, metadata }, MEMBERS);

test("system messages follow their action; those of the platform keep their text", () => {
  expect(text("Bo Chen joined", { action: "participant_added", user_id: "bo", by: "ana" })).toBe("Bo Chen joined");
  expect(text("Old Name is now moderator", { action: "participant_updated", user_id: "bo", role: "moderator" })).toBe("Bo Chen is now Moderator");
  expect(text("Gone User left", { action: "participant_removed", user_id: "gone", by: "gone" })).toBe("Gone User left");
  expect(text("Gone User was removed", { action: "participant_removed", user_id: "gone", by: "ana" })).toBe("Gone User was removed");
  expect(text("Job assigned to ACME", { action: "assigned", user_id: "bo" })).toBe("Job assigned to ACME");
  expect(text("The bid was accepted", { action: "bid_accepted" })).toBe("The bid was accepted");
});

const names = (...display: string[]) => shortNames(display.map((display_name) => ({ username: "", display_name })));

test("short names are first names, where these are clear", () => {
  expect(names("Ana Lima", "Bo Chen")).toEqual(["Ana", "Bo"]);
  expect(names("Bo Chen", "Bo Li", "Cy")).toEqual(["Bo Chen", "Bo Li", "Cy"]);
  expect(names("Dr. Lima", "Person: 7")).toEqual(["Dr. Lima", "Person: 7"]);
});

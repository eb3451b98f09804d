// Seeing one's own writes where standbys are read: which word goes back with which request. The words are made up here,
// as the service of the tests has no standbys.

import { expect, test } from "vitest";
import { Chat, result } from "../src/index.js";
import { listConversations, markAllNotificationsRead } from "../src/rest-api.js";
import { person, stage, token, until } from "./door.js";

const HEADER = "X-Read-After";

class Standbys {
  readonly sent: (string | null)[] = [];
  readonly #words: (string | undefined)[];

  constructor(...words: (string | undefined)[]) {
    this.#words = words;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    this.sent.push(request.headers.get(HEADER));
    const word = this.#words.shift();
    // A browser sends this header to other origins only where it is allowed; that is not what is tried here.
    request.headers.delete(HEADER);
    const answer = await fetch(request);
    return new Response(await answer.text(), {
      headers: { "Content-Type": "application/json", ...(word === undefined ? {} : { [HEADER]: word }) },
    });
  };
}

const name = () => `ana-${crypto.randomUUID()}`;

async function chatOf(service: Standbys): Promise<{ read: () => Promise<unknown>; write: () => Promise<unknown> }> {
  const user = name();
  const { client } = new Chat({ url: stage.url, token: () => token(user), fetch: service.fetch });
  return {
    read: () => result(listConversations({ client })),
    write: () => result(markAllNotificationsRead({ client })),
  };
}

test("what a write said goes back with the next reads", async () => {
  const service = new Standbys("a1", "a1", "b2", undefined, undefined);
  const { read, write } = await chatOf(service);
  for (const act of [write, read, write, read, read]) await act();
  expect(service.sent).toEqual([null, "a1", null, "b2", "b2"]);
});

test("a write that said nothing takes the word away", async () => {
  const service = new Standbys("a1", undefined);
  const { read, write } = await chatOf(service);
  for (const act of [write, write, read]) await act();
  expect(service.sent).toEqual([null, null, null]);
});

test("of two at the same time neither is believed, and the next one alone is", async () => {
  const service = new Standbys("a1", "b2", "c3");
  const { read, write } = await chatOf(service);
  await Promise.all([write(), write()]);
  await read();
  await read();
  expect(service.sent).toEqual([null, null, null, "c3"]);
});

test("what is said at a socket takes the word away", async () => {
  const service = new Standbys("a1", "a1", "b2");
  const chat = await person(name(), { fetch: service.fetch });
  await until(() => chat.state === "open");
  const read = () => result(listConversations({ client: chat.client }));
  await read();
  await read();
  chat.leave(crypto.randomUUID());
  await read();
  expect(service.sent).toEqual([null, "a1", null]);
  chat.stop();
});

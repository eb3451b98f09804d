// Reading your own writes with read replicas: which position is sent with which request. The positions are made up, because
// the service of the harness has no replicas.

import { expect, test } from "vitest";
import { Chat, unwrap } from "../src/index.js";
import { listConversations, markAllNotificationsRead } from "../src/rest-api.js";
import { harness, issueToken, startChat, uniqueName, waitUntil } from "./helpers.js";

const HEADER = "X-Read-After";

/** A `fetch` that records the position of each request, and adds the next one of `positions` to each response. */
class PositionRecorder {
  readonly sent: (string | null)[] = [];
  readonly #positions: (string | undefined)[];

  constructor(...positions: (string | undefined)[]) {
    this.#positions = positions;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    this.sent.push(request.headers.get(HEADER));
    const position = this.#positions.shift();
    // A browser sends this header to other origins only if CORS allows it, which is not under test here.
    request.headers.delete(HEADER);
    const response = await fetch(request);
    return new Response(await response.text(), {
      headers: { "Content-Type": "application/json", ...(position === undefined ? {} : { [HEADER]: position }) },
    });
  };
}

type Requests = { read: () => Promise<unknown>; write: () => Promise<unknown> };

function requestsOf(service: PositionRecorder): Requests {
  const user = uniqueName("ana");
  const { client } = new Chat({ url: harness.url, token: () => issueToken(user), fetch: service.fetch });
  return {
    read: () => unwrap(listConversations({ client })),
    write: () => unwrap(markAllNotificationsRead({ client })),
  };
}

test("the position of a write is sent with the following reads", async () => {
  const service = new PositionRecorder("a1", "a1", "b2", undefined, undefined);
  const { read, write } = requestsOf(service);
  for (const request of [write, read, write, read, read]) await request();
  expect(service.sent).toEqual([null, "a1", null, "b2", "b2"]);
});

test("a write without a position invalidates the current one", async () => {
  const service = new PositionRecorder("a1", undefined);
  const { read, write } = requestsOf(service);
  for (const request of [write, write, read]) await request();
  expect(service.sent).toEqual([null, null, null]);
});

test("the positions of concurrent writes are discarded, and the next one is used", async () => {
  const service = new PositionRecorder("a1", "b2", "c3");
  const { read, write } = requestsOf(service);
  await Promise.all([write(), write()]);
  await read();
  await read();
  expect(service.sent).toEqual([null, null, null, "c3"]);
});

test("a frame on the socket invalidates the position", async () => {
  const service = new PositionRecorder("a1", "a1", "b2");
  const chat = await startChat(uniqueName("ana"), { fetch: service.fetch });
  await waitUntil(() => chat.state === "open");
  const read = () => unwrap(listConversations({ client: chat.client }));
  await read();
  await read();
  chat.unfollow(crypto.randomUUID());
  await read();
  expect(service.sent).toEqual([null, "a1", null]);
  chat.stop();
});

import { expect, test } from "vitest";
import { backoff, closeCodeActions, reconnectPolicy } from "../src/index.js";

const maximum = () => 1;

test.each([4400, 4403, 4404])("the client does not reconnect after %i", (code) => {
  expect(reconnectPolicy(code, "", 0)).toEqual({ action: "stop" });
});

test.each([1006, 1009, 1012, 1013, 4408])("the client reconnects with backoff after %i", (code) => {
  expect(reconnectPolicy(code, "", 0, maximum)).toEqual({ action: "reconnect", seconds: 0.5 });
  expect(reconnectPolicy(code, "", 3, maximum)).toEqual({ action: "reconnect", seconds: 4 });
  expect(reconnectPolicy(code, "", 99, maximum)).toEqual({ action: "reconnect", seconds: 30 });
});

test("the client gets a new token after 4401, the first time without delay", () => {
  expect(reconnectPolicy(4401, "the token has expired", 0)).toEqual({ action: "new_token", seconds: 0 });
  expect(reconnectPolicy(4401, "", 2, maximum)).toEqual({ action: "new_token", seconds: 2 });
});

test("the client waits for the seconds at the end of the reason", () => {
  expect(reconnectPolicy(4429, "too fast; retry after 1.2", 0, maximum)).toEqual({ action: "reconnect", seconds: 1.7 });
  expect(reconnectPolicy(1012, "restarting; retry after 4", 0, maximum)).toEqual({ action: "reconnect", seconds: 4.5 });
  expect(reconnectPolicy(4429, "", 0, maximum)).toEqual({ action: "reconnect", seconds: 60.5 });
});

test("every documented close code follows its documented action", () => {
  const expected = { reconnect: "reconnect", wait: "reconnect", new_token: "new_token", stop: "stop" };
  for (const [code, action] of Object.entries(closeCodeActions)) {
    expect(reconnectPolicy(Number(code), "", 0).action).toBe(expected[action]);
  }
});

test("backoff is randomized", () => {
  expect(backoff(2, () => 0)).toBe(1);
  expect(backoff(2, maximum)).toBe(2);
});

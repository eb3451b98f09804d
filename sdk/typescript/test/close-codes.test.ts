import { expect, test } from "vitest";
import { afterClose, backoff } from "../src/index.js";

const most = () => 1;

test.each([4400, 4403, 4404])("after %i it does not come back", (code) => {
  expect(afterClose(code, "", 0)).toEqual({ kind: "stop" });
});

test.each([1006, 1009, 1012, 1013, 4408])("after %i it comes back, later each time", (code) => {
  expect(afterClose(code, "", 0, most)).toEqual({ kind: "reconnect", seconds: 0.5 });
  expect(afterClose(code, "", 3, most)).toEqual({ kind: "reconnect", seconds: 4 });
  expect(afterClose(code, "", 99, most)).toEqual({ kind: "reconnect", seconds: 30 });
});

test("after 4401 it asks for another token, at once the first time", () => {
  expect(afterClose(4401, "the token has expired", 0)).toEqual({ kind: "new-token", seconds: 0 });
  expect(afterClose(4401, "", 2, most)).toEqual({ kind: "new-token", seconds: 2 });
});

test("the delay in a reason is kept", () => {
  expect(afterClose(4429, "too fast; retry after 1.2", 0, most)).toEqual({ kind: "reconnect", seconds: 1.7 });
  expect(afterClose(1012, "restarting; retry after 4", 0, most)).toEqual({ kind: "reconnect", seconds: 4.5 });
  expect(afterClose(4429, "", 0, most)).toEqual({ kind: "reconnect", seconds: 60.5 });
});

test("not all clients come at once", () => {
  expect(backoff(2, () => 0)).toBe(1);
  expect(backoff(2, most)).toBe(2);
});

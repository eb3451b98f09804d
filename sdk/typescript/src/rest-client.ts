// The generated REST client, with our tokens: a refused one is replaced once, and 429 and 503 are waited for.

import { backoff } from "./closing.js";
import { problemOf } from "./errors.js";
import { type Client, createClient, createConfig } from "./generated/rest/client/index.js";
import type { ReadAfter } from "./read-after.js";
import type { Tokens } from "./token.js";

export type Fetch = typeof globalThis.fetch;

const ATTEMPTS = 4;
const SAFE = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** A client for the generated functions: `listMessages({ client, query })`. */
export function makeClient(baseUrl: string, tokens: Tokens, fetch: Fetch, readAfter: ReadAfter): Client {
  return createClient(createConfig({ baseUrl, fetch: patient(tokens, fetch, readAfter) }));
}

/** What a generated function answered, or the problem as an error. */
export async function result<Data>(
  answer: Promise<{ data?: Data; error?: unknown; response?: Response }>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await answer;
  if (error !== undefined || data === undefined || data === null) throw problemOf(error, response?.status);
  return data as NonNullable<Data>;
}

function patient(tokens: Tokens, fetch: Fetch, readAfter: ReadAfter): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const isSafe = SAFE.has(request.method) || request.headers.has("Idempotency-Key");
    let token = await tokens.get();
    for (let attempt = 0; ; attempt++) {
      const sent = request.clone();
      sent.headers.set("Authorization", `Bearer ${token}`);
      const isLast = attempt + 1 >= ATTEMPTS;
      const answered = readAfter.ask(sent);
      const response = await fetch(sent).catch((error: unknown) => {
        answered();
        if (isLast || !isSafe) throw error;
        return undefined;
      });
      if (response) answered(response);
      if (response?.status === 401 && attempt === 0) {
        token = await tokens.renew("refused", token);
        continue;
      }
      const mayHelp = response === undefined || response.status === 429 || (response.status === 503 && isSafe);
      if (response !== undefined && (isLast || !mayHelp)) return response;
      const said = Number(response?.headers.get("Retry-After") ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 1000 * (said + backoff(attempt))));
    }
  };
}

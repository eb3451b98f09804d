// Configures the generated REST client: adds the token, replaces a rejected one once, and retries after 429 and 503.

import { backoff } from "./backoff.js";
import { errorFromProblem } from "./errors.js";
import { type Client, createClient, createConfig } from "./generated/rest/client/index.js";
import type { ReadAfter } from "./read-after.js";
import type { TokenCache } from "./tokens.js";

export type Fetch = typeof globalThis.fetch;

const MAX_ATTEMPTS = 4;
const IDEMPOTENT_METHODS = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** Makes a client for the generated functions: `listMessages({ client, query })`. */
export function createRestClient(baseUrl: string, tokens: TokenCache, fetch: Fetch, readAfter: ReadAfter): Client {
  return createClient(createConfig({ baseUrl, fetch: retryingFetch(tokens, fetch, readAfter) }));
}

/** The data of a generated function's result. Throws a ChatError if the request failed. */
export async function unwrap<Data>(
  result: Promise<{ data?: Data; error?: unknown; response?: Response }>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await result;
  if (error !== undefined || data === undefined || data === null) throw errorFromProblem(error, response?.status);
  return data as NonNullable<Data>;
}

function retryingFetch(tokens: TokenCache, fetch: Fetch, readAfter: ReadAfter): Fetch {
  return async (input, init) => {
    const original = new Request(input, init);
    const isIdempotent = IDEMPOTENT_METHODS.has(original.method) || original.headers.has("Idempotency-Key");
    let token = await tokens.get();
    for (let attempt = 0; ; attempt++) {
      const request = original.clone();
      request.headers.set("Authorization", `Bearer ${token}`);
      const isLast = attempt + 1 >= MAX_ATTEMPTS;
      const onResponse = readAfter.track(request);
      const response = await fetch(request).catch((error: unknown) => {
        onResponse();
        if (isLast || !isIdempotent) throw error;
        return undefined;
      });
      if (response) onResponse(response);
      if (response?.status === 401 && attempt === 0) {
        token = await tokens.renew("refused", token);
        continue;
      }
      const isRetryable = response === undefined || response.status === 429 || (response.status === 503 && isIdempotent);
      if (response !== undefined && (isLast || !isRetryable)) return response;
      const retryAfter = Number(response?.headers.get("Retry-After") ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 1000 * (retryAfter + backoff(attempt))));
    }
  };
}

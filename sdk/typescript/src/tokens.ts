// Gets access tokens from the application, caches them, and gets a new one before they expire.

/** Why a token is requested: the first connection, the current one is about to expire, or the service rejected it. */
export type TokenReason = "start" | "expiring" | "refused";
export type TokenProvider = (reason: TokenReason) => string | Promise<string>;

/** The claims that the client uses. It does not verify the token. */
export interface TokenClaims {
  readonly subject: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** The name of the user, if the token has it. */
  readonly name?: string;
}

/** Decodes a JSON Web Token (RFC 7519) without verifying it. Throws a TypeError if it is malformed. */
export function decodeToken(token: string): TokenClaims {
  try {
    const payload = (token.split(".")[1] as string).replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims.sub !== "string" || typeof claims.exp !== "number") throw new TypeError("`sub` or `exp` is missing");
    return { subject: claims.sub, expiresAt: claims.exp, ...(typeof claims.name === "string" ? { name: claims.name } : {}) };
  } catch (error) {
    throw new TypeError("the token is not a valid JSON Web Token", { cause: error });
  }
}

/** The current token. Concurrent callers share one request to the provider. */
export class TokenCache {
  #current: string | undefined;
  #pending: Promise<string> | undefined;

  constructor(private readonly provider: TokenProvider) {}

  /** The current token, or the first one. */
  get(): Promise<string> {
    return this.#current === undefined ? this.renew("start") : Promise.resolve(this.#current);
  }

  /** A token other than `previous`. Asks the provider only if `previous` is still the current one. */
  renew(reason: TokenReason, previous?: string): Promise<string> {
    if (previous !== undefined && this.#current !== undefined && this.#current !== previous) {
      return Promise.resolve(this.#current);
    }
    this.#pending ??= this.#request(reason).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #request(reason: TokenReason): Promise<string> {
    const token = await this.provider(reason);
    decodeToken(token);
    this.#current = token;
    return token;
  }
}

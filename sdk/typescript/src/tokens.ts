// Tokens: asked of the application, kept while they are good, asked for anew before they end.

/** Why a token is asked for: the first time, before the end of the last one, or because it was refused. */
export type TokenReason = "start" | "expiring" | "refused";
export type TokenProvider = (reason: TokenReason) => string | Promise<string>;

/** What a token says of itself; the service checks it, the client only reads it. */
export interface TokenClaims {
  readonly subject: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Reads a JSON Web Token (RFC 7519). Throws a TypeError where it is none. */
export function readToken(token: string): TokenClaims {
  try {
    const part = (token.split(".")[1] as string).replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims.sub !== "string" || typeof claims.exp !== "number") throw new TypeError("claims are missing");
    return { subject: claims.sub, expiresAt: claims.exp };
  } catch (error) {
    throw new TypeError("the token provider gave something that is no JSON Web Token", { cause: error });
  }
}

/** The token in use. Several who ask at once get the same new one. */
export class Tokens {
  #current: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(private readonly provider: TokenProvider) {}

  /** The token in use, or a first one. */
  get(): Promise<string> {
    return this.#current === undefined ? this.renew("start") : Promise.resolve(this.#current);
  }

  /** Another token in place of `instead`, unless that was replaced already. */
  renew(reason: TokenReason, instead?: string): Promise<string> {
    if (instead !== undefined && this.#current !== undefined && this.#current !== instead) {
      return Promise.resolve(this.#current);
    }
    this.#asking ??= this.#ask(reason).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(reason: TokenReason): Promise<string> {
    const token = await this.provider(reason);
    readToken(token);
    this.#current = token;
    return token;
  }
}

// The signed-in operator and the REST client with their token. There is no WebSocket: operators are not participants.

import { Chat, ChatError, type TokenReason, decodeToken } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

export type Client = Chat["client"];

export interface Operator {
  readonly id: string;
  readonly username: string;
  readonly display_name: string | null;
  readonly token: string;
}

const STORAGE_KEY = "wasgo-chat.operator";
const Context = createContext<Client | undefined>(undefined);
export const ClientProvider = Context.Provider;

export function useClient(): Client {
  const client = useContext(Context);
  if (!client) throw new TypeError("useClient must be used inside a ClientProvider");
  return client;
}

/** `onTokenRefused` is called when the service rejects the token; every later request fails. */
export function createClient(operator: Operator, onTokenRefused: () => void): Client {
  const token = (reason: TokenReason) => {
    if (reason !== "refused") return operator.token;
    onTokenRefused();
    throw new ChatError("signed_out", "the token was rejected and there is no other");
  };
  return new Chat({ url: location.origin, token }).client;
}

/** Stored for this tab only, because a staff token gives wide access. */
export function storedOperator(): Operator | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as Operator | null;
    return stored && decodeToken(stored.token) ? stored : undefined;
  } catch {
    return undefined; // storage is blocked, or the stored value is not an operator
  }
}

export function storeOperator(operator: Operator | undefined): void {
  try {
    if (operator) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(operator));
    else sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // Storage is blocked: after a reload the operator has to sign in again.
  }
}

export function isNotStaff(error: unknown): boolean {
  return error instanceof ChatError && error.code === "staff_required";
}

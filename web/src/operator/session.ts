// Who looks in, and the SDK's generated REST client with their token. No socket: an operator is in no conversation.

import { Chat, ChatError, type TokenReason, readToken } from "@wasgo/chat";
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";

export type Client = Chat["client"];

export interface Operator {
  readonly id: string;
  readonly username: string;
  readonly display_name: string | null;
  readonly token: string;
}

const KEPT = "wasgo-chat.operator";
const Context = createContext<Client | undefined>(undefined);
export const ClientProvider = Context.Provider;

export function useClient(): Client {
  const client = useContext(Context);
  if (!client) throw new TypeError("this view belongs below a signed-in operator");
  return client;
}

/** `ended` is called where the service refuses the token: nothing can be asked any more. */
export function clientOf(operator: Operator, ended: () => void): Client {
  const token = (reason: TokenReason) => {
    if (reason !== "refused") return operator.token;
    ended();
    throw new ChatError("signed_out", "the token is refused, and there is no other");
  };
  return new Chat({ url: location.origin, token }).client;
}

/** Kept for this tab alone, and gone with it: a token of the staff opens much. */
export function keptOperator(): Operator | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Operator | null;
    return kept && readToken(kept.token) ? kept : undefined;
  } catch {
    return undefined; // nothing may be kept here, or what is kept is of somebody else's making
  }
}

export function keepOperator(operator: Operator | undefined): void {
  try {
    if (operator) sessionStorage.setItem(KEPT, JSON.stringify(operator));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Where nothing may be kept, a reload asks again who looks in.
  }
}

export interface Loaded<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  again: () => void;
}

/** Loads by a key, and anew when it changes; an answer that comes too late for its key is not shown. */
export function useLoad<Data>(key: string, load: () => Promise<Data>): Loaded<Data> {
  const [state, setState] = useState<{ key: string; data?: Data; error?: unknown }>({ key: "" });
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  newest.current = load;
  useEffect(() => {
    let isWanted = true;
    newest.current().then(
      (data) => isWanted && setState({ key, data }),
      (error: unknown) => isWanted && setState({ key, error }),
    );
    return () => {
      isWanted = false;
    };
  }, [key, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const isMine = state.key === key;
  return { data: isMine ? state.data : undefined, error: isMine ? state.error : undefined, isLoading: !isMine, again };
}

export function isNotStaff(error: unknown): boolean {
  return error instanceof ChatError && error.code === "staff_required";
}

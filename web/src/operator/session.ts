// Who looks in, and the SDK's generated REST client with their token. No socket: an operator is in no conversation.

import { Chat, ChatError } from "@wasgo/chat";
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

export function clientOf(operator: Operator): Client {
  return new Chat({ url: location.origin, token: () => operator.token }).client;
}

/** Kept for this tab alone, and gone with it: a token of the staff opens much. */
export function keptOperator(): Operator | undefined {
  const kept = sessionStorage.getItem(KEPT);
  return kept ? (JSON.parse(kept) as Operator) : undefined;
}

export function keepOperator(operator: Operator | undefined): void {
  if (operator) sessionStorage.setItem(KEPT, JSON.stringify(operator));
  else sessionStorage.removeItem(KEPT);
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

interface Page<Row> {
  readonly results: readonly Row[];
  readonly next: string | null;
}

/** The pages of a list so far, as one list. */
export function usePages<Row>(key: string, load: (cursor: string | undefined) => Promise<Page<Row>>): {
  rows: readonly Row[];
  first: Loaded<Page<Row>>;
  more: (() => void) | undefined;
} {
  const first = useLoad(key, () => load(undefined));
  const [rest, setRest] = useState<{ of: Page<Row> | undefined; rows: readonly Row[]; next: string | null }>();
  const mine = rest !== undefined && rest.of === first.data ? rest : undefined;
  const next = mine ? mine.next : (first.data?.next ?? null);
  const rows = [...(first.data?.results ?? []), ...(mine?.rows ?? [])];
  const more = async () => {
    const page = await load(next ?? undefined).catch(() => undefined);
    if (page) setRest({ of: first.data, rows: [...(mine?.rows ?? []), ...page.results], next: page.next });
  };
  return { rows, first, more: next === null ? undefined : () => void more() };
}

export function isNotStaff(error: unknown): boolean {
  return error instanceof ChatError && error.code === "staff_required";
}

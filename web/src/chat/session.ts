// One user's client: the SDK's Chat, from when the user is chosen until they are left or signed out.

import { Chat, type ConnectionState, type Limits, type TokenReason } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type DemoUser, askForDemoUsers } from "../shared/demo.ts";
import { Kept, useStore } from "../shared/store.ts";
import { endUploads } from "./composer/uploads.ts";

export interface Session {
  readonly user: DemoUser;
  readonly chat: Chat;
  /** The conversation whose end somebody looks at: nothing of it counts as unread, whatever was counted a moment ago. */
  readonly beingRead: Kept<string | undefined>;
  /** Begins anew, with a client that has loaded nothing yet. */
  restart(): void;
}

const Context = createContext<Session | undefined>(undefined);
export const SessionProvider = Context.Provider;

/** The session of the pane that a view is in. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new TypeError("this view belongs into a pane");
  return session;
}

/** `failed`: it could not be started, and may be tried again. `signed-out`: the token is refused, and there is no other. */
export type Started = "starting" | "failed" | "signed-out" | Session;

/** Starts a client for a user, and again for another or when asked. */
export function useStartedSession(user: DemoUser): [Started, () => void] {
  const [started, setStarted] = useState<Started>("starting");
  const [attempt, setAttempt] = useState(0);
  const restart = () => setAttempt((before) => before + 1);
  useEffect(() => {
    let isWanted = true;
    setStarted("starting");
    const signedOut = () => {
      chat.stop();
      if (isWanted) setStarted("signed-out");
    };
    const chat = new Chat({ url: location.origin, token: (reason) => tokenOf(user, reason, signedOut) });
    chat.start().then(
      () => isWanted && setStarted({ user, chat, beingRead: new Kept<string | undefined>(undefined), restart }),
      () => isWanted && setStarted("failed"),
    );
    return () => {
      isWanted = false;
      endUploads(chat);
      chat.stop();
    };
  }, [user.id, user.token, attempt]);
  const isOther = typeof started === "object" && started.user.id !== user.id;
  return [isOther ? "starting" : started, restart];
}

/** A demo user gets another token from the service; one that was pasted is the only one. */
async function tokenOf(user: DemoUser, reason: TokenReason, signedOut: () => void): Promise<string> {
  if (reason === "start") return user.token;
  const found = (await askForDemoUsers()).find((one) => one.id === user.id);
  if (found) return found.token;
  if (reason === "expiring") return user.token;
  signedOut();
  throw new Error("the token was refused, and there is no other");
}

export function useConnection(chat: Chat): ConnectionState {
  return useStore(chat);
}

/** What the service takes; `undefined` until it has said so. */
export function useLimits(chat: Chat): Limits | undefined {
  useConnection(chat);
  return chat.limits;
}

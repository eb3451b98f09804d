// A user's session: the SDK's Chat client, from the choice of the user until they switch or are signed out.

import { Chat, type ConnectionState, type Limits, type TokenReason } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type DemoUser, fetchDemoUsers } from "../shared/demo.ts";
import { Writable, useStore } from "../shared/store.ts";
import { discardUploads } from "./composer/uploads.ts";
import { Mutes } from "./notifications/mutes.ts";

export interface Session {
  readonly user: DemoUser;
  readonly chat: Chat;
  /** The conversation whose newest message is in view; its unread count is shown as 0 before the service confirms it. */
  readonly readingConversation: Writable<string | undefined>;
  readonly mutes: Mutes;
  /** Replaces the client with a new one. */
  restart(): void;
}

const Context = createContext<Session | undefined>(undefined);
export const SessionProvider = Context.Provider;

/** The session of the pane around a view. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new TypeError("useSession must be used inside a SessionProvider");
  return session;
}

/** `failed`: starting failed and can be retried. `signed-out`: the token was rejected and there is no other. */
export type SessionState = "starting" | "failed" | "signed-out" | Session;

/** Starts a client for the user; returns its state and a function that restarts it. */
export function useUserSession(user: DemoUser): [SessionState, () => void] {
  const [state, setState] = useState<SessionState>("starting");
  const [attempt, setAttempt] = useState(0);
  const restart = () => setAttempt((before) => before + 1);
  useEffect(() => {
    let isCurrent = true;
    setState("starting");
    const onSignedOut = () => {
      chat.stop();
      if (isCurrent) setState("signed-out");
    };
    const chat = new Chat({ url: location.origin, token: (reason) => tokenFor(user, reason, onSignedOut) });
    chat.start().then(
      () => isCurrent && setState({ user, chat, readingConversation: new Writable<string | undefined>(undefined), mutes: new Mutes(chat), restart }),
      () => isCurrent && setState("failed"),
    );
    return () => {
      isCurrent = false;
      discardUploads(chat);
      chat.stop();
    };
  }, [user.id, user.token, attempt]);
  const isStale = typeof state === "object" && state.user.id !== user.id;
  return [isStale ? "starting" : state, restart];
}

/** Demo users get a new token from the service; a pasted token cannot be renewed. */
async function tokenFor(user: DemoUser, reason: TokenReason, onSignedOut: () => void): Promise<string> {
  if (reason === "start") return user.token;
  const refreshed = (await fetchDemoUsers()).find((one) => one.id === user.id);
  if (refreshed) return refreshed.token;
  if (reason === "expiring") return user.token;
  onSignedOut();
  throw new Error("the token was rejected and there is no other");
}

export function useConnection(chat: Chat): ConnectionState {
  return useStore(chat);
}

/** Whether the service has switched a feature on. True until it has reported its features. */
export function useFeature(chat: Chat, name: string): boolean {
  useConnection(chat);
  return chat.features?.includes(name) ?? true;
}

/** The limits of the service; `undefined` until it has reported them. */
export function useLimits(chat: Chat): Limits | undefined {
  useConnection(chat);
  return chat.limits;
}

// One user's client: the SDK's Chat, from when the user is chosen until they are left.

import { Chat, type ConnectionState } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type DemoUser, demoUsers } from "../shared/demo.ts";
import { useAgain } from "./store.ts";

export interface Session {
  readonly user: DemoUser;
  readonly chat: Chat;
}

const Context = createContext<Session | undefined>(undefined);
export const SessionProvider = Context.Provider;

/** The session of the pane that a view is in. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new TypeError("this view belongs into a pane");
  return session;
}

/** Starts a client for a user; undefined until it has started. */
export function useStartedSession(user: DemoUser): Session | undefined {
  const [session, setSession] = useState<Session>();
  useEffect(() => {
    const chat = new Chat({
      url: location.origin,
      token: async (reason) => {
        if (reason === "start") return user.token;
        return (await demoUsers()).find((one) => one.id === user.id)?.token ?? user.token;
      },
    });
    void chat.start().then(() => setSession({ user, chat }));
    return () => chat.stop();
  }, [user.id]);
  return session?.user.id === user.id ? session : undefined;
}

export function useConnection(chat: Chat): ConnectionState {
  const again = useAgain();
  useEffect(() => chat.subscribe(again), [chat, again]);
  return chat.state;
}

// The frame of the page: who looks in, which section, light or dark.

import { getFigures } from "@wasgo/chat/rest";
import { result } from "@wasgo/chat";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Avatar, nameOf } from "../shared/avatar.tsx";
import { Button, IconButton } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { chooseTheme, currentTheme } from "../shared/theme.ts";
import { type Section, addressOf, usePlace } from "./router.ts";
import { Conversations } from "./conversations.tsx";
import { Figures } from "./metrics.tsx";
import { Letters } from "./dead-deliveries.tsx";
import { ClientProvider, type Operator, clientOf, isNotStaff, keepOperator, keptOperator } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { operatorText } from "./text.ts";

const SECTIONS: readonly (readonly [Section, string])[] = [
  ["conversations", operatorText.conversations],
  ["letters", operatorText.failedDeliveries],
  ["figures", operatorText.metrics],
];

export function App() {
  const [operator, setOperator] = useState<Operator | undefined>(keptOperator);
  const [why, setWhy] = useState<string>();
  const signIn = useCallback((next: Operator | undefined, because?: string) => {
    keepOperator(next);
    setOperator(next);
    setWhy(because);
  }, []);
  const client = useMemo(() => (operator ? clientOf(operator, () => signIn(undefined, operatorText.sessionExpired)) : undefined), [operator, signIn]);
  useEffect(() => {
    if (!client) return;
    // Asked once, so that who may not look in is told so here and not by every part.
    result(getFigures({ client })).catch((error: unknown) => {
      if (isNotStaff(error)) signIn(undefined, operatorText.notStaff);
    });
  }, [client, signIn]);
  if (!operator || !client) return <SignIn why={why} signIn={signIn} />;
  return (
    <ClientProvider value={client}>
      <div class="frame">
        <Header operator={operator} leave={() => signIn(undefined)} />
        <Parts />
      </div>
    </ClientProvider>
  );
}

function Header({ operator, leave }: { operator: Operator; leave: () => void }) {
  const { section } = usePlace();
  const [theme, setTheme] = useState(currentTheme);
  const other = theme === "dark" ? "light" : "dark";
  const turn = () => {
    chooseTheme(other);
    setTheme(other);
  };
  return (
    <header class="top">
      <h1>
        <img src={new URL("../shared/icon.svg", import.meta.url).href} alt="" />
        <span>{operatorText.title}</span>
      </h1>
      <nav aria-label={operatorText.sections}>
        {SECTIONS.map(([name, label]) => (
          <a key={name} href={addressOf({ section: name })} {...(name === section ? { "aria-current": "page" as const } : {})}>
            {label}
          </a>
        ))}
      </nav>
      <div class="end">
        <IconButton icon={other === "dark" ? "moon" : "sun"} label={other === "dark" ? text.themeDark : text.themeLight} onClick={turn} />
        <span class="who">
          <Avatar person={operator} size="small" />
          <span class="name" dir="auto">{nameOf(operator)}</span>
        </span>
        <Button kind="plain" onClick={leave}>{operatorText.signOut}</Button>
      </div>
    </header>
  );
}

function Parts() {
  const { section } = usePlace();
  if (section === "letters") return <Letters />;
  if (section === "figures") return <Figures />;
  return <Conversations />;
}

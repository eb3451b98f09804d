// The frame of the operator page: sign-in, sections and theme.

import { unwrap } from "@wasgo/chat";
import { getFigures } from "@wasgo/chat/rest";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Avatar, displayName } from "../shared/avatar.tsx";
import { Button, IconButton } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { currentTheme, saveTheme } from "../shared/theme.ts";
import { Conversations } from "./conversations.tsx";
import { DeadDeliveries } from "./dead-deliveries.tsx";
import { Metrics } from "./metrics.tsx";
import { type Section, hrefTo, useRoute } from "./router.ts";
import { ClientProvider, type Operator, createClient, isNotStaff, storeOperator, storedOperator } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { operatorText } from "./text.ts";

const SECTIONS: readonly (readonly [Section, string])[] = [
  ["conversations", operatorText.conversations],
  ["failed-deliveries", operatorText.failedDeliveries],
  ["metrics", operatorText.metrics],
];

export function App() {
  const [operator, setOperator] = useState<Operator | undefined>(storedOperator);
  const [reason, setReason] = useState<string>();
  const signIn = useCallback((next: Operator | undefined, reason?: string) => {
    storeOperator(next);
    setOperator(next);
    setReason(reason);
  }, []);
  const client = useMemo(() => (operator ? createClient(operator, () => signIn(undefined, operatorText.sessionExpired)) : undefined), [operator, signIn]);
  useEffect(() => {
    if (!client) return;
    // One request checks that the user is staff, so that the sections need not.
    unwrap(getFigures({ client })).catch((error: unknown) => {
      if (isNotStaff(error)) signIn(undefined, operatorText.notStaff);
    });
  }, [client, signIn]);
  if (!operator || !client) return <SignIn reason={reason} signIn={signIn} />;
  return (
    <ClientProvider value={client}>
      <div class="frame">
        <Header operator={operator} signOut={() => signIn(undefined)} />
        <SectionView />
      </div>
    </ClientProvider>
  );
}

function Header({ operator, signOut }: { operator: Operator; signOut: () => void }) {
  const { section } = useRoute();
  const [theme, setTheme] = useState(currentTheme);
  const other = theme === "dark" ? "light" : "dark";
  const toggleTheme = () => {
    saveTheme(other);
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
          <a key={name} href={hrefTo({ section: name })} {...(name === section ? { "aria-current": "page" as const } : {})}>
            {label}
          </a>
        ))}
      </nav>
      <div class="end">
        <IconButton icon={other === "dark" ? "moon" : "sun"} label={other === "dark" ? text.themeDark : text.themeLight} onClick={toggleTheme} />
        <span class="who">
          <Avatar user={operator} size="small" />
          <span class="name" dir="auto">{displayName(operator)}</span>
        </span>
        <Button kind="plain" onClick={signOut}>{operatorText.signOut}</Button>
      </div>
    </header>
  );
}

function SectionView() {
  const { section } = useRoute();
  if (section === "failed-deliveries") return <DeadDeliveries />;
  if (section === "metrics") return <Metrics />;
  return <Conversations />;
}

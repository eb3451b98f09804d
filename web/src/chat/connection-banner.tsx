// Says that there is no connection, and that it is back. A connection that is only being made says nothing at first.

import type { Chat } from "@wasgo/chat";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { useConnection } from "./session.ts";

const PATIENCE_MS = 600;
const GLAD_MS = 2_500;

type Shown = "nothing" | "connecting" | "lost" | "back" | "stopped";

const ICONS = { nothing: "clock", connecting: "clock", lost: "warn", back: "check", stopped: "warn" } as const;

export function Banner({ chat }: { chat: Chat }) {
  const state = useConnection(chat);
  const [shown, setShown] = useState<Shown>("nothing");
  const wasOpen = useRef(false);
  if (state === "open") wasOpen.current = true;
  useEffect(() => {
    if (state === "stopped") setShown("stopped");
    else if (state === "open") setShown((before) => (before === "lost" ? "back" : "nothing"));
    else {
      const timer = setTimeout(() => setShown(wasOpen.current || !navigator.onLine ? "lost" : "connecting"), PATIENCE_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [state]);
  useEffect(() => {
    if (shown !== "back") return undefined;
    const timer = setTimeout(() => setShown("nothing"), GLAD_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const words = { nothing: "", connecting: text.connecting, lost: text.offlineBanner, back: text.backOnline, stopped: text.stopped }[shown];
  return (
    <div role="status" class="banner" data-shown={shown}>
      {words && (
        <p>
          <Icon name={ICONS[shown]} />
          <span>{words}</span>
        </p>
      )}
    </div>
  );
}

// Shows that the connection was lost, and that it is back. A connection being established shows only after a delay.

import type { Chat } from "@wasgo/chat";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { useConnection } from "./session.ts";

const SHOW_DELAY_MS = 600;
const BACK_ONLINE_MS = 2_500;

type BannerState = "nothing" | "connecting" | "lost" | "back" | "stopped";

const ICONS = { nothing: "clock", connecting: "clock", lost: "warn", back: "check", stopped: "warn" } as const;

export function ConnectionBanner({ chat }: { chat: Chat }) {
  const state = useConnection(chat);
  const [shown, setShown] = useState<BannerState>("nothing");
  const wasOpen = useRef(false);
  if (state === "open") wasOpen.current = true;
  useEffect(() => {
    if (state === "stopped") setShown("stopped");
    else if (state === "open") setShown((before) => (before === "lost" ? "back" : "nothing"));
    else {
      const delay = navigator.onLine ? SHOW_DELAY_MS : 0;
      const timer = setTimeout(() => setShown(wasOpen.current || !navigator.onLine ? "lost" : "connecting"), delay);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [state]);
  useEffect(() => {
    if (shown !== "back") return undefined;
    const timer = setTimeout(() => setShown("nothing"), BACK_ONLINE_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const message = { nothing: "", connecting: text.connecting, lost: text.offlineBanner, back: text.backOnline, stopped: text.stopped }[shown];
  return (
    <div role="status" class="banner" data-shown={shown}>
      {message && (
        <p>
          <Icon name={ICONS[shown]} />
          <span>{message}</span>
        </p>
      )}
    </div>
  );
}

import type { RefObject } from "preact";
import { text } from "../../shared/text.ts";

const EMOJIS = ["👍", "❤️", "😂", "🎉", "😮", "🙏", "👏", "🔥", "😊", "😉", "😅", "😍", "🤔", "😢", "👌", "💪", "✅", "❌", "👀", "⭐", "🚀", "🛠️", "🎨", "📦", "🏠", "📅", "💶", "☕", "🌱", "🚚", "🔧", "🤝"];
const COLUMNS = 8;

export function EmojiPicker({ menu, choose, onToggle }: {
  menu: RefObject<HTMLDivElement | null>;
  choose: (emoji: string) => void;
  onToggle?: (event: ToggleEvent) => void;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    event.stopPropagation();
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...(menu.current?.querySelectorAll("button") ?? [])];
    buttons[Math.max(0, Math.min(buttons.length - 1, buttons.indexOf(document.activeElement as HTMLButtonElement) + step))]?.focus();
  };
  return (
    <div class="menu emojis" popover="auto" ref={menu} role="group" aria-label={text.emojis} onKeyDown={onKeyDown} {...(onToggle ? { onToggle } : {})}>
      {EMOJIS.map((emoji, at) => (
        <button
          key={emoji}
          type="button"
          tabIndex={at === 0 ? 0 : -1}
          onClick={() => {
            menu.current?.hidePopover();
            choose(emoji);
          }}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

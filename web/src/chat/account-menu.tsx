// The menu of a pane: theme, settings, shortcuts, a second pane, and switching users.

import { useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon, type IconName } from "../shared/icons.tsx";
import { useRerender } from "../shared/store.ts";
import { text } from "../shared/text.ts";
import { currentTheme, saveTheme } from "../shared/theme.ts";
import type { PaneProps } from "./pane-props.ts";
import { openPopover } from "./ui/popover.ts";

export function AccountMenu(props: PaneProps & { show: (panel: "preferences" | "shortcuts") => void }) {
  const { others, switchUser, close, add, show } = props;
  const menu = useRef<HTMLDivElement>(null);
  const rerender = useRerender();
  const [isOpen, setIsOpen] = useState(false);
  // Pressing outside the menu closes it, and the button counts as outside: the click that follows must not reopen it.
  const wasOpen = useRef(false);
  const dismiss = () => menu.current?.hidePopover();
  const isDark = currentTheme() === "dark";
  const item = (icon: IconName, label: string, action: () => void) => (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      class="menu-item"
      onClick={() => {
        dismiss();
        action();
      }}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
  return (
    <>
      <IconButton
        icon="more"
        label={text.moreMenu}
        class="more"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onPointerDown={() => {
          wasOpen.current = isOpen;
        }}
        onClick={(event) => {
          if (!wasOpen.current) openPopover(menu.current, event.currentTarget);
          wasOpen.current = false;
        }}
      />
      <div
        class="menu"
        popover="auto"
        ref={menu}
        role="menu"
        tabIndex={-1}
        aria-label={text.moreMenu}
        onToggle={(event) => setIsOpen(event.newState === "open")}
        onKeyDown={(event) => onMenuKeyDown(event, menu.current)}
      >
        {item(isDark ? "sun" : "moon", isDark ? text.themeLight : text.themeDark, () => {
          saveTheme(isDark ? "light" : "dark");
          rerender();
        })}
        {item("settings", text.preferences, () => show("preferences"))}
        {item("info", text.shortcuts, () => show("shortcuts"))}
        {add && item("columns", text.addPane, add)}
        {close && item("close", text.closePane, close)}
        {others.length > 0 && (
          <div role="group" aria-label={text.switchUser}>
            <span class="menu-title" aria-hidden="true">
              {text.switchUser}
            </span>
            {others.map((one) => (
              <button key={one.id} type="button" role="menuitem" tabIndex={-1} class="menu-item" onClick={() => switchUser(one.id)}>
                <Avatar user={one} size="small" />
                <bdi>{one.display_name}</bdi>
              </button>
            ))}
          </div>
        )}
      </div>
    </>
  );
}

/** Arrow keys move through the items. The browser handles Esc: it closes the popover and returns the focus. */
function onMenuKeyDown(event: KeyboardEvent, menu: HTMLElement | null): void {
  const items = [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu?.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}

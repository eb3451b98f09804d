// The menu of a pane: theme, settings, shortcuts, a second pane, and switching users.

import { useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon, type IconName } from "../shared/icons.tsx";
import { useRerender } from "../shared/store.ts";
import { text } from "../shared/text.ts";
import { isPasted } from "../shared/demo.ts";
import { currentTheme, saveTheme } from "../shared/theme.ts";
import type { PaneProps } from "./pane-props.ts";
import { onMenuKeyDown } from "./ui/menu-keys.ts";
import { openPopover } from "./ui/popover.ts";

export function AccountMenu(props: PaneProps & { show: (panel: "preferences" | "shortcuts") => void }) {
  const { others, user, switchUser, signOut, close, add, show } = props;
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
        {isPasted(user) && item("signOut", text.signOut, signOut)}
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

// What concerns the side as a whole: who it is, light or dark, a second side, settings.

import { useRef } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon, type IconName } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { chooseTheme, currentTheme } from "../shared/theme.ts";
import type { PaneProps } from "./pane.tsx";
import { useAgain } from "./store.ts";

export function PersonMenu(props: PaneProps & { show: (panel: "preferences" | "shortcuts") => void }) {
  const { others, become, close, add, show } = props;
  const menu = useRef<HTMLDivElement>(null);
  const again = useAgain();
  const dismiss = () => menu.current?.hidePopover();
  const isDark = currentTheme() === "dark";
  const item = (icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      class="menu-item"
      onClick={() => {
        dismiss();
        act();
      }}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
  return (
    <>
      <IconButton icon="more" label={text.settingsMenu} onClick={(event) => openMenu(menu.current, event.currentTarget)} />
      <div class="menu" popover="auto" ref={menu} onKeyDown={(event) => event.key === "Escape" && event.preventDefault()}>
        {item(isDark ? "sun" : "moon", isDark ? text.themeLight : text.themeDark, () => {
          chooseTheme(isDark ? "light" : "dark");
          again();
        })}
        {item("settings", text.preferences, () => show("preferences"))}
        {item("info", text.shortcuts, () => show("shortcuts"))}
        {add && item("columns", text.addPane, add)}
        {close && item("close", text.closePane, close)}
        {others.length > 0 && (
          <p class="menu-title">
            {text.switchUser}
          </p>
        )}
        {others.map((one) => (
          <button key={one.id} type="button" class="menu-item" onClick={() => become(one.id)}>
            <Avatar person={one} size="small" />
            {one.display_name}
          </button>
        ))}
      </div>
    </>
  );
}

/** Opens a popover under the button it belongs to, inside the window. */
export function openMenu(menu: HTMLElement | null, button: HTMLElement): void {
  if (!menu) return;
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
  const isRoomBelow = at.bottom + 4 + height < innerHeight - 8;
  menu.style.left = `${left}px`;
  menu.style.top = `${isRoomBelow ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
  menu.querySelector("button")?.focus();
}

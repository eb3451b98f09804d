// What concerns the side as a whole: who it is, light or dark, a second side, settings.

import { useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { isMirrored } from "../shared/direction.ts";
import { Icon, type IconName } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { chooseTheme, currentTheme } from "../shared/theme.ts";
import type { PaneProps } from "./pane.tsx";
import { useAgain } from "../shared/store.ts";

export function PersonMenu(props: PaneProps & { show: (panel: "preferences" | "shortcuts") => void }) {
  const { others, become, close, add, show } = props;
  const menu = useRef<HTMLDivElement>(null);
  const again = useAgain();
  const [isOpen, setIsOpen] = useState(false);
  // A press beside the menu closes it, and one on its button is such a press: then the click must not open it again.
  const wasOpen = useRef(false);
  const dismiss = () => menu.current?.hidePopover();
  const isDark = currentTheme() === "dark";
  const item = (icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
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
          if (!wasOpen.current) openMenu(menu.current, event.currentTarget);
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
        onKeyDown={(event) => menuKeys(event, menu.current)}
      >
        {item(isDark ? "sun" : "moon", isDark ? text.themeLight : text.themeDark, () => {
          chooseTheme(isDark ? "light" : "dark");
          again();
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
              <button key={one.id} type="button" role="menuitem" tabIndex={-1} class="menu-item" onClick={() => become(one.id)}>
                <Avatar person={one} size="small" />
                <bdi>{one.display_name}</bdi>
              </button>
            ))}
          </div>
        )}
      </div>
    </>
  );
}

/** Arrow keys go through it. Esc is left to the browser, which closes it and gives the focus back. */
function menuKeys(event: KeyboardEvent, menu: HTMLElement | null): void {
  const items = [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu?.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}

/** Opens a popover under the button it belongs to, inside the window. */
export function openMenu(menu: HTMLElement | null, button: HTMLElement): void {
  if (!menu) return;
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const wanted = isMirrored() ? at.left : at.right - width;
  const left = Math.max(8, Math.min(wanted, innerWidth - width - 8));
  const isRoomBelow = at.bottom + 4 + height < innerHeight - 8;
  menu.style.left = `${left}px`;
  menu.style.top = `${isRoomBelow ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
  menu.querySelector("button")?.focus();
}

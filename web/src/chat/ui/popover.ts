import { isRightToLeft } from "../../shared/direction.ts";

/** Opens a popover below its button, or above where there is no space below, within the window. */
export function openPopover(menu: HTMLElement | null, button: HTMLElement): void {
  if (!menu) return;
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const wanted = isRightToLeft() ? at.left : at.right - width;
  const left = Math.max(8, Math.min(wanted, innerWidth - width - 8));
  const fitsBelow = at.bottom + 4 + height < innerHeight - 8;
  menu.style.left = `${left}px`;
  menu.style.top = `${fitsBelow ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
  menu.querySelector("button")?.focus();
}

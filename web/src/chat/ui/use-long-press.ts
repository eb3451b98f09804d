// A long press on a touch screen. It acts when the finger is lifted: browsers close a popover that opens before that.

import { useRef, useState } from "preact/hooks";

const PRESS_MS = 500;
const MOVE_PX = 10;

export interface LongPress {
  /** The press is long enough; it acts when the finger is lifted. */
  readonly isPressed: boolean;
  readonly handlers: {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(): void;
    onPointerCancel(): void;
    onContextMenu(event: Event): void;
  };
}

export function useLongPress(act: () => void): LongPress {
  const [isPressed, setIsPressed] = useState(false);
  const press = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | undefined>(undefined);
  const end = () => {
    clearTimeout(press.current?.timer);
    press.current = undefined;
    if (!isPressed) return;
    setIsPressed(false);
    setTimeout(act);
  };
  return {
    isPressed,
    handlers: {
      onPointerDown: (event) => {
        if (event.pointerType !== "touch") return;
        const timer = setTimeout(() => setIsPressed(true), PRESS_MS);
        press.current = { x: event.clientX, y: event.clientY, timer };
      },
      onPointerMove: (event) => {
        const { current } = press;
        if (!current || isPressed || Math.hypot(event.clientX - current.x, event.clientY - current.y) <= MOVE_PX) return;
        clearTimeout(current.timer);
        press.current = undefined;
      },
      onPointerUp: end,
      // The browser scrolls, or opens a menu of its own.
      onPointerCancel: end,
      onContextMenu: (event) => press.current && event.preventDefault(),
    },
  };
}

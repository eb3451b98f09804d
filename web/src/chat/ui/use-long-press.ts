// A long press on a touch screen.

import { useRef } from "preact/hooks";

const PRESS_MS = 500;
const MOVE_PX = 10;

export interface LongPressHandlers {
  onPointerDown(event: PointerEvent): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(): void;
  onPointerCancel(): void;
  onContextMenu(event: Event): void;
}

export function useLongPress(act: () => void): LongPressHandlers {
  const press = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout>; isDone: boolean } | undefined>(undefined);
  const cancel = () => clearTimeout(press.current?.timer);
  return {
    onPointerDown: (event) => {
      cancel();
      if (event.pointerType !== "touch") {
        press.current = undefined;
        return;
      }
      const started = { x: event.clientX, y: event.clientY, isDone: false };
      const timer = setTimeout(() => {
        if (press.current) press.current.isDone = true;
        act();
      }, PRESS_MS);
      press.current = { ...started, timer };
    },
    onPointerMove: (event) => {
      if (press.current && Math.hypot(event.clientX - press.current.x, event.clientY - press.current.y) > MOVE_PX) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    // Browsers open their own menu at a long press, for links and selected text.
    onContextMenu: (event) => press.current?.isDone && event.preventDefault(),
  };
}

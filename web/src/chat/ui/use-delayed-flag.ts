// Whether something has lasted longer than anybody should have to wait without being told.

import { useEffect, useState } from "preact/hooks";

const PATIENCE_MS = 10_000;

export function useLate(isWaiting: boolean): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    setIsLate(false);
    if (!isWaiting) return undefined;
    const timer = setTimeout(() => setIsLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isLate;
}

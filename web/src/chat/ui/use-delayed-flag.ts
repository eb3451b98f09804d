import { useEffect, useState } from "preact/hooks";

const DELAY_MS = 10_000;

/** Becomes true once `isWaiting` has been true for ten seconds. */
export function useDelayedFlag(isWaiting: boolean): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    setIsLate(false);
    if (!isWaiting) return undefined;
    const timer = setTimeout(() => setIsLate(true), DELAY_MS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isLate;
}

// Ids of outgoing messages.

/** A random id. `crypto.randomUUID` exists only in secure contexts: not on `http://` addresses, and not in React Native. */
export function createClientId(): string {
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  if (crypto?.randomUUID) return crypto.randomUUID();
  const bytes = new Uint8Array(16);
  // Unique for one user is enough: the id is no secret.
  if (crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else for (let at = 0; at < bytes.length; at++) bytes[at] = Math.random() * 256;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

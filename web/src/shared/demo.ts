// The demo users of `wasgo-chat dev`, with access tokens. Other deployments have none; their users paste a token.

export interface DemoUser {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly avatar_url: null;
  readonly is_staff: boolean;
  /** The role in the demo data. */
  readonly about: string;
  readonly token: string;
}

/** Empty if the service has no demo users; rejects if the service cannot be reached. */
export async function fetchDemoUsers(): Promise<readonly DemoUser[]> {
  const response = await fetch("/demo/users/");
  if (response.status >= 500) throw new Error(`the service responded with ${response.status}`);
  if (!response.ok) return [];
  const { results } = (await response.json()) as { results: DemoUser[] };
  return results;
}

/** Like fetchDemoUsers, but empty as well if the service cannot be reached. */
export function demoUsersOrNone(): Promise<readonly DemoUser[]> {
  return fetchDemoUsers().catch(() => []);
}

const PASTED_KEY = "wasgo-chat.user";

/** Whether the user has pasted their token, rather than being one of the demo users. */
export function isPasted(user: DemoUser): boolean {
  return user.about === "";
}

/** The user whose token was pasted in this tab, or else the demo users. */
export async function fetchUsers(): Promise<readonly DemoUser[]> {
  const users = await fetchDemoUsers();
  const pasted = storedUser();
  return pasted.length > 0 ? pasted : users;
}

function storedUser(): readonly DemoUser[] {
  try {
    const stored = sessionStorage.getItem(PASTED_KEY);
    return stored ? [JSON.parse(stored) as DemoUser] : [];
  } catch {
    return []; // Storage is blocked, or has what no version of this page has written.
  }
}

/** Keeps a user over a reload of this tab. */
export function keepPasted(user: DemoUser): void {
  try {
    sessionStorage.setItem(PASTED_KEY, JSON.stringify(user));
  } catch {
    // Storage is blocked: the user stays until the page is reloaded.
  }
}

export function forgetPasted(): void {
  try {
    sessionStorage.removeItem(PASTED_KEY);
  } catch {
    // Storage is blocked: nothing was kept.
  }
}

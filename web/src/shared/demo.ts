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

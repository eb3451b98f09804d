// The people of `wasgo-chat dev`, with tokens to be them. Elsewhere there are none, and a token is pasted.

export interface DemoUser {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly avatar_url: null;
  readonly is_staff: boolean;
  /** What they are in the demo world. */
  readonly about: string;
  readonly token: string;
}

/** Empty where the service is no `dev`. Rejects where it cannot be reached: then nobody knows whether it is one. */
export async function askForDemoUsers(): Promise<readonly DemoUser[]> {
  const response = await fetch("/demo/users/");
  if (response.status >= 500) throw new Error(`the service answered ${response.status}`);
  if (!response.ok) return [];
  const { results } = (await response.json()) as { results: DemoUser[] };
  return results;
}

/** The same, where it makes no difference why there are none. */
export function demoUsers(): Promise<readonly DemoUser[]> {
  return askForDemoUsers().catch(() => []);
}

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

/** Empty where the service is no `dev`. */
export async function demoUsers(): Promise<readonly DemoUser[]> {
  const response = await fetch("/demo/users/").catch(() => undefined);
  if (!response?.ok) return [];
  const { results } = (await response.json()) as { results: DemoUser[] };
  return results;
}

// A user's avatar image, or their initials on a colour derived from the user id.

export interface UserLike {
  readonly id: string;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url?: string | null;
}

export function displayName(user: Pick<UserLike, "username" | "display_name">): string {
  return user.display_name || user.username;
}

/** The first name, or the whole name where the first word is none: "Dr. Lima", "Person: 7". */
export function firstName(user: Pick<UserLike, "username" | "display_name">): string {
  const name = displayName(user);
  const [first = ""] = name.split(" ");
  return /^\p{L}[\p{L}'’-]+$/u.test(first) ? first : name;
}

/** First names, or whole names for those who share one. */
export function shortNames(users: readonly Pick<UserLike, "username" | "display_name">[]): string[] {
  const names = users.map(firstName);
  return users.map((user, at) => (names.filter((name) => name === names[at]).length > 1 ? displayName(user) : (names[at] ?? "")));
}

export function userHue(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return (sum * 47) % 360;
}

/** Hidden from screen readers: the name is next to it, and where presence matters it is also given as text. */
export function Avatar({ user, size = "", isOnline = false }: {
  user: UserLike;
  size?: "" | "tiny" | "small" | "large";
  isOnline?: boolean;
}) {
  const initials = displayName(user).split(/\s+/).slice(0, size === "tiny" ? 1 : 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  return (
    <span class={`avatar ${size}`} style={{ "--hue": userHue(user.id) }} aria-hidden="true">
      {user.avatar_url ? <img src={user.avatar_url} alt="" /> : initials}
      {isOnline && <span class="online" />}
    </span>
  );
}

// A person's picture, or their initials on a colour that is always the same for the same person.

export interface Someone {
  readonly id: string;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url?: string | null;
}

export function nameOf(person: Pick<Someone, "username" | "display_name">): string {
  return person.display_name || person.username;
}

export function firstNameOf(person: Pick<Someone, "username" | "display_name">): string {
  return nameOf(person).split(" ")[0] ?? "";
}

export function hueOf(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return (sum * 47) % 360;
}

/** Beside a name it is decoration; `isOnline` is said in words wherever it matters. */
export function Avatar({ person, size = "", isOnline = false }: {
  person: Someone;
  size?: "" | "tiny" | "small" | "large";
  isOnline?: boolean;
}) {
  const initials = nameOf(person).split(/\s+/).slice(0, size === "tiny" ? 1 : 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  return (
    <span class={`avatar ${size}`} style={{ "--hue": hueOf(person.id) }} aria-hidden="true">
      {person.avatar_url ? <img src={person.avatar_url} alt="" /> : initials}
      {isOnline && <span class="online" />}
    </span>
  );
}

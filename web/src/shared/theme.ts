// The theme: that of the system until the user chooses one, which is stored in this browser.

export type Theme = "light" | "dark";

const STORAGE_KEY = "wasgo-chat.theme";

export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function saveTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // Storage is blocked: the choice lasts until the page is closed.
  }
}

/** Call before the first render. */
export function restoreTheme(): void {
  const theme = storedTheme();
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}

function storedTheme(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

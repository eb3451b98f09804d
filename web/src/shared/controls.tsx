// Generic controls: buttons, badges, counts, empty states. None of them depends on the chat.

import type { ComponentChildren, JSX, Ref } from "preact";
import { Icon, type IconName } from "./icons.tsx";

type ButtonProps = JSX.IntrinsicElements["button"];

export function Button({ kind = "quiet", icon, children, ...rest }: ButtonProps & {
  kind?: "primary" | "quiet" | "danger" | "plain";
  icon?: IconName;
}) {
  return (
    <button type="button" {...rest} class={`button ${kind}`}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that shows only an icon; `label` is its accessible name and its tooltip. */
export function IconButton({ icon, label, children, buttonRef, class: className = "", ...rest }: Omit<ButtonProps, "ref" | "label"> & {
  icon: IconName;
  label: string;
  buttonRef?: Ref<HTMLButtonElement>;
}) {
  return (
    <button type="button" {...rest} {...(buttonRef ? { ref: buttonRef } : {})} class={`icon-button ${className}`} aria-label={label} title={label}>
      <Icon name={icon} />
      {children}
    </button>
  );
}

export type BadgeTone = "neutral" | "teal" | "green" | "amber" | "blue" | "violet" | "red" | "warning";

export function Badge({ tone, children }: { tone?: BadgeTone; children: ComponentChildren }) {
  return (
    <span class="badge" {...(tone && tone !== "neutral" ? { "data-tone": tone } : {})}>
      {children}
    </span>
  );
}

/** A count badge, "99+" above 99 and nothing for 0; `label` is read by screen readers instead. */
export function Count({ count, label }: { count: number; label: string }) {
  if (count <= 0) return null;
  return (
    <span class="count">
      <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
      <span class="visually-hidden">{label}</span>
    </span>
  );
}

export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <span role="status">
      <span class="spinner" style={{ display: "inline-block" }} />
      <span class="visually-hidden">{label}</span>
    </span>
  );
}

// The small parts: buttons, badges, counts, empty places. No part here knows of conversations.

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

/** A button that shows only an icon; `label` is its name, and what a pointer that rests on it is told. */
export function IconButton({ icon, label, children, buttonRef, class: more = "", ...rest }: Omit<ButtonProps, "ref" | "label"> & {
  icon: IconName;
  label: string;
  buttonRef?: Ref<HTMLButtonElement>;
}) {
  return (
    <button type="button" {...rest} {...(buttonRef ? { ref: buttonRef } : {})} class={`icon-button ${more}`} aria-label={label} title={label}>
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

/** How many, from 1 to 99; `label` says of what. */
export function Count({ of, label }: { of: number; label: string }) {
  if (of <= 0) return null;
  return (
    <span class="count">
      <span aria-hidden="true">{of > 99 ? "99+" : of}</span>
      <span class="only-read">{label}</span>
    </span>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
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
      <span class="only-read">{label}</span>
    </span>
  );
}

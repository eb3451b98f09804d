// Line icons on a 24-pixel grid. They are decorative: buttons have labels.

const PATHS = {
  archive: "M4 8v10a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8M3 4h18v4H3zM10 12h4",
  attach: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.4a1.7 1.7 0 0 1-2.3-2.3L14.5 7",
  back: "M15 5l-7 7 7 7",
  bell: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6M10 20a2.2 2.2 0 0 0 4 0",
  bellOff: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6M10 20a2.2 2.2 0 0 0 4 0M4 4l16 16",
  briefcase: "M4 8h16v11H4zM9 8V5h6v3M4 13h16",
  checks: "M2 12.5l4.5 4.5L14 8.5M11 16.5l.5.5L22 7.5",
  chart: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  chat: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
  check: "M5 12.5l4.5 4.500L19 7.5",
  clock: "M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0",
  close: "M6 6l12 12M18 6L6 18",
  columns: "M4 5h16v14H4zM12 5v14",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  forward: "M9 5l7 7-7 7",
  help: "M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.9-1.1 1.8M12 16.5h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0",
  info: "M12 11v5M12 8h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  mute: "M6 10a6 6 0 0 1 9-5.200M17.900 10c0 5 2.100 6 2.100 6H9M6 12c-.3 3-2 4-2 4h1M10 20a2.2 2.2 0 0 0 4 0M4 3l17 18",
  minus: "M5 12h14",
  moon: "M20 14.500A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.500z",
  people: "M15.5 20v-1.500a4 4 0 0 0-4-4h-4a4 4 0 0 0-4 4V20M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M20.5 20v-1.500a4 4 0 0 0-3-3.800M15 4.200a3.5 3.5 0 0 1 0 6.6",
  pin: "M12 21s-7-6.2-7-11.500a7 7 0 1 1 14 0C19 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  plus: "M12 5v14M5 12h14",
  reply: "M9 6l-6 6 6 6M3 12h11a7 7 0 0 1 7 7",
  retry: "M4 12a8 8 0 0 1 14-5.300L20 9M20 4v5h-5M20 12a8 8 0 0 1-14 5.300L4 15M4 20v-5h5",
  scales: "M12 4v16M8 20h8M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z",
  search: "M20 20l-4.5-4.500M17.5 10.500a7 7 0 1 1-14 0 7 7 0 0 1 14 0",
  send: "M4 12l16-8-5 17-3.5-7zM11.5 14L20 4",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  signOut: "M14 4h5v16h-5M3 12h11M10 8l4 4-4 4",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M8 14.500a5 5 0 0 0 8 0M9 9.500h.01M15 9.500h.01",
  sun: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0M12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1 1M17.4 17.400l1 1M18.4 5.600l-1 1M6.6 17.400l-1 1",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  warn: "M12 9v4M12 16.5h.01M10.3 4.500L2.7 18a2 2 0 0 0 1.7 3h15.200a2 2 0 0 0 1.7-3L13.7 4.500a2 2 0 0 0-3.4 0z",
} as const;

export type IconName = keyof typeof PATHS;

// Icons that point along the reading direction are mirrored in right-to-left layouts.
const DIRECTIONAL: ReadonlySet<IconName> = new Set(["back", "forward", "reply", "send"]);

export function Icon({ name, class: className = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${DIRECTIONAL.has(name) ? "directional" : ""} ${className}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

import { defineConfig } from "@playwright/test";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const WORKERS = 2;

export default defineConfig({
  testDir: "test",
  outputDir: "../build/browsers",
  globalSetup: "./test/service.ts",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // Each worker has a service of its own (test/service.ts).
  workers: WORKERS,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS },
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Vienna",
  },
  projects: [
    { name: "browsers", testIgnore: "**/screenshots.spec.ts" },
    // One service for all, as later pictures show what earlier ones have added.
    { name: "screenshots", workers: 1, testMatch: "**/screenshots.spec.ts", use: { deviceScaleFactor: 1 } },
  ],
});

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

export default defineConfig({
  testDir: "test",
  outputDir: "../build/browsers",
  globalSetup: "./test/service.ts",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 1,
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
    { name: "screenshots", testMatch: "**/screenshots.spec.ts", use: { deviceScaleFactor: 1 } },
  ],
});

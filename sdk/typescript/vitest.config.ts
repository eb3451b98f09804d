import { createServer } from "node:net";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

export default defineConfig(async () => {
  // This runs once per project. All projects share one harness, which accepts sockets from this origin.
  process.env.HARNESS_ORIGIN ??= `http://127.0.0.1:${await freePort()}`;
  const port = Number(new URL(process.env.HARNESS_ORIGIN).port);
  const shared = { include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false };
  return {
    test: {
      globalSetup: ["test/global-setup.ts"],
      projects: [
        { extends: true, test: { ...shared, name: "node", setupFiles: ["test/node-setup.ts"] } },
        {
          extends: true,
          optimizeDeps: { include: ["react", "react-dom/client", "react-dom/server"] },
          test: {
            ...shared,
            name: "chromium",
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              api: { host: "127.0.0.1", port },
              provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: FLAGS } }),
              instances: [{ browser: "chromium" }],
            },
          },
        },
      ],
    },
  };
});

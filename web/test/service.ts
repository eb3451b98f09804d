// `wasgo-chat dev` with a fresh world, for all tests; it can be killed and started again.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE_MS = 60_000;
// The tests go faster than people.
const SETTINGS = { WASGO_CHAT_LOG_LEVEL: "ERROR", WASGO_CHAT_RATE_READS_PER_MINUTE: "0", WASGO_CHAT_RATE_WRITES_PER_MINUTE: "0", WASGO_CHAT_MESSAGE_RATE: "0" };

/** Known by its folder: whichever process of the tests starts it, another can end it. */
export class Service {
  constructor(
    readonly port: number,
    readonly data: string,
    /** Where pages come from that reach it through a `Network`. */
    readonly networkPort: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const words = ["dev", "--port", String(this.port), "--data", this.data];
    const origins = { WASGO_CHAT_ALLOWED_ORIGINS: `http://127.0.0.1:${this.networkPort}` };
    const env = { ...process.env, ...SETTINGS, ...origins };
    const running = spawn(join(ROOT, ".venv/bin/wasgo-chat"), words, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(this.#pidFile, String(running.pid));
    const isReady = () => fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
    await until(async () => {
      if (running.exitCode !== null) throw new Error(`the service ended with ${running.exitCode}`);
      return isReady();
    });
  }

  /** Ends it as asked, or by force; resolves when it is gone. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const pid = Number(readFileSync(this.#pidFile, "utf8"));
    const isThere = (signal: NodeJS.Signals | 0) => {
      try {
        return process.kill(pid, signal);
      } catch {
        return false;
      }
    };
    isThere(signal);
    await until(async () => !isThere(0));
  }

  get #pidFile(): string {
    return join(this.data, "tests.pid");
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("the service neither started nor ended");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

export default async function setup(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "wasgo-chat-browsers-"));
  const service = new Service(await freePort(), data, await freePort());
  await service.start();
  process.env.BROWSERS_SERVICE = JSON.stringify({ port: service.port, data, networkPort: service.networkPort });
  return async () => {
    await service.stop();
    rmSync(data, { recursive: true, force: true });
  };
}

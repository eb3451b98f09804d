// A `wasgo-chat dev` process with new demo data for each worker of the test runner; it can be killed and restarted.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FullConfig } from "@playwright/test";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TIMEOUT_MS = 180_000;
// The tests are faster than the rate limits allow.
const SETTINGS = { WASGO_CHAT_LOG_LEVEL: "ERROR", WASGO_CHAT_RATE_READS_PER_MINUTE: "0", WASGO_CHAT_RATE_WRITES_PER_MINUTE: "0", WASGO_CHAT_MESSAGE_RATE: "0" };

/** Identified by its data folder, so that one test process can stop a service that another one started. */
export class Service {
  constructor(
    readonly port: number,
    readonly data: string,
    /** The port of the NetworkProxy, whose origin the service allows. */
    readonly networkPort: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when the service is ready. */
  async start(): Promise<void> {
    const args = ["dev", "--port", String(this.port), "--data", this.data];
    const origins = { WASGO_CHAT_ALLOWED_ORIGINS: `http://127.0.0.1:${this.networkPort}` };
    const env = { ...process.env, ...SETTINGS, ...origins };
    const child = spawn(join(ROOT, ".venv/bin/wasgo-chat"), args, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(this.#pidFile, String(child.pid));
    const isReady = () => fetch(`${this.url}/readyz`).then((response) => response.ok, () => false);
    await waitUntil(async () => {
      if (child.exitCode !== null) throw new Error(`the service exited with ${child.exitCode}`);
      return isReady();
    });
  }

  /** Resolves when the process has exited. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const pid = Number(readFileSync(this.#pidFile, "utf8"));
    const isRunning = (signal: NodeJS.Signals | 0) => {
      try {
        return process.kill(pid, signal);
      } catch {
        return false;
      }
    };
    isRunning(signal);
    await waitUntil(async () => !isRunning(0));
  }

  get #pidFile(): string {
    return join(this.data, "tests.pid");
  }
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the service did not start or stop in time");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface ServiceAddress {
  readonly port: number;
  readonly data: string;
  readonly networkPort: number;
}

/** The services, by the index of the worker that uses them. */
export function serviceOf(worker: number): Service {
  const services = JSON.parse(process.env.BROWSERS_SERVICES ?? "[]") as ServiceAddress[];
  const { port, data, networkPort } = services[worker] ?? { port: 0, data: "", networkPort: 0 };
  return new Service(port, data, networkPort);
}

export default async function setup({ workers }: FullConfig): Promise<() => Promise<void>> {
  const services: Service[] = [];
  const starting = Array.from({ length: workers }, async () => {
    const service = new Service(await freePort(), mkdtempSync(join(tmpdir(), "wasgo-chat-browsers-")), await freePort());
    services.push(service);
    await service.start();
  });
  const stop = async () => {
    for (const service of services) {
      await service.stop();
      rmSync(service.data, { recursive: true, force: true });
    }
  };
  await Promise.all(starting).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  process.env.BROWSERS_SERVICES = JSON.stringify(services.map(({ port, data, networkPort }): ServiceAddress => ({ port, data, networkPort })));
  return stop;
}

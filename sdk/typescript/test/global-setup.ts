// Starts the harness of the conformance kit once for all tests.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

export interface HarnessUrls {
  /** The service behind the fault-injecting proxy. */
  readonly url: string;
  readonly direct: string;
  /** The control API. */
  readonly control: string;
}

declare module "vitest" {
  interface ProvidedContext {
    harness: HarnessUrls;
  }
}

let running: Promise<{ urls: HarnessUrls; stop: () => void }> | undefined;

export default async function setup(project: TestProject): Promise<() => void> {
  running ??= startHarness();
  const { urls, stop } = await running;
  project.provide("harness", urls);
  return stop;
}

async function startHarness(): Promise<{ urls: HarnessUrls; stop: () => void }> {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const python = `${root}.venv/bin/python`;
  const child = spawn(python, ["-m", "sdk.conformance.harness", process.env.HARNESS_ORIGIN ?? ""], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the harness exited with status ${code}`)));
  });
  return { urls: JSON.parse(line) as HarnessUrls, stop: () => child.stdin.end() };
}

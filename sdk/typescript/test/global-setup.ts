// Starts the stage of the conformance kit for all tests, and ends it with them.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

export interface Addresses {
  /** Through the proxy that makes faults. */
  readonly url: string;
  readonly direct: string;
  readonly door: string;
}

declare module "vitest" {
  interface ProvidedContext {
    stage: Addresses;
  }
}

let running: Promise<{ addresses: Addresses; stop: () => void }> | undefined;

export default async function setup(project: TestProject): Promise<() => void> {
  running ??= start();
  const { addresses, stop } = await running;
  project.provide("stage", addresses);
  return stop;
}

async function start(): Promise<{ addresses: Addresses; stop: () => void }> {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const python = `${root}.venv/bin/python`;
  const process_ = spawn(python, ["-m", "sdk.conformance.stage", process.env.STAGE_ORIGIN ?? ""], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(process_.stdout).once("line", resolve);
    process_.once("exit", (code) => reject(new Error(`the stage ended with ${code}`)));
  });
  return { addresses: JSON.parse(line) as Addresses, stop: () => process_.stdin.end() };
}

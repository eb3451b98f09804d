// The axe violations on a page: WCAG 2.2 AA and best practices.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { waitForAnimations } from "./fixtures.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  await waitForAnimations(page);
  const violations = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(TAGS)} }).then((it) => it.violations)`)) as Violation[];
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`));
}

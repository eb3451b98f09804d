// Fails if the modules in src import each other in a cycle, including type imports.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../src", import.meta.url));
const files = (await readdir(root)).filter((name) => name.endsWith(".ts"));
const imports = new Map();
for (const file of files) {
  const text = await readFile(join(root, file), "utf8");
  const paths = [...text.matchAll(/^(?:import|export|\}) ?.*from "\.\/([^"/]+)\.js";$/gm)].map((match) => `${match[1]}.ts`);
  imports.set(file, paths.filter((path) => files.includes(path)));
}

function findCycle(file, path, done) {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file)) return undefined;
  for (const imported of imports.get(file)) {
    const cycle = findCycle(imported, [...path, file], done);
    if (cycle) return cycle;
  }
  done.add(file);
  return undefined;
}

const done = new Set();
for (const file of files) {
  const cycle = findCycle(file, [], done);
  if (cycle) {
    console.error(`import cycle: ${cycle.join(" -> ")}`);
    process.exit(1);
  }
}

// Fails when the runtime, with all that it pulls in, is larger than a page should pay for.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST = 15 * 1024;
const made = await build({
  entryPoints: [new URL("../src/index.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const size = gzipSync(made.outputFiles[0].contents, { level: 9 }).length;
console.log(`the runtime is ${size} bytes, minified and compressed; it may be ${MOST}`);
process.exitCode = size > MOST ? 1 : 0;

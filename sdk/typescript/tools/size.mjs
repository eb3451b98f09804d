// Fails if the package, bundled, minified and compressed, exceeds its size limit.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MAX_BYTES = 15 * 1024;
const bundle = await build({
  entryPoints: [new URL("../src/index.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const size = gzipSync(bundle.outputFiles[0].contents, { level: 9 }).length;
console.log(`size: ${size} bytes minified and compressed; the limit is ${MAX_BYTES}`);
process.exitCode = size > MAX_BYTES ? 1 : 0;

// Declares dist/cjs as CommonJS, because the package as a whole is ESM.
import { writeFile } from "node:fs/promises";

await writeFile(new URL("../dist/cjs/package.json", import.meta.url), '{ "type": "commonjs" }\n');

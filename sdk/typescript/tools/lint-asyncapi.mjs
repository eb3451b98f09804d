// Validates an AsyncAPI document against the specification. Usage: node tools/lint-asyncapi.mjs PATH
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const WARNING = 1;
const path = process.argv[2];
const diagnostics = await new Parser().validate(await readFile(path, "utf8"));
const problems = diagnostics.filter((diagnostic) => diagnostic.severity <= WARNING);
for (const problem of problems) console.error(`${path}: ${problem.path.join(".")}: ${problem.message}`);
process.exitCode = problems.length > 0 ? 1 : 0;

// Holds the AsyncAPI document against its specification.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const path = process.argv[2];
const diagnostics = await new Parser().validate(await readFile(path, "utf8"));
const wrong = diagnostics.filter((found) => found.severity <= 1);
for (const found of wrong) console.error(`${path}: ${found.path.join(".")}: ${found.message}`);
process.exitCode = wrong.length > 0 ? 1 : 0;

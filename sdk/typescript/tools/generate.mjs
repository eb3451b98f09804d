// Writes everything under src/generated from the two documents. Nothing there is edited by hand.
import { readFile, rm, writeFile } from "node:fs/promises";
import { createClient } from "@hey-api/openapi-ts";
import { compile } from "json-schema-to-typescript";

const documents = new URL("../../../docs/", import.meta.url);
const target = new URL("../src/generated/", import.meta.url);

await rm(target, { recursive: true, force: true });
await createClient({
  input: new URL("openapi.json", documents).pathname,
  output: { path: new URL("rest", target).pathname, module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "silent" },
});

const { components } = JSON.parse(await readFile(new URL("asyncapi.json", documents), "utf8"));
const text = JSON.stringify({
  title: "Frame",
  anyOf: [{ $ref: "#/components/schemas/ClientFrame" }, { $ref: "#/components/schemas/ServerFrame" }],
  components: { schemas: components.schemas },
});
// Titles of single fields would each become a type of their own.
const schema = JSON.parse(text, function (key, value) {
  return key === "title" && typeof value === "string" && this.properties === undefined ? undefined : value;
});
schema.title = "Frame";
for (const name of ["ClientFrame", "ServerFrame"]) schema.components.schemas[name].title = name;
const frames = await compile(schema, "Frame", {
  bannerComment: "// Generated from docs/asyncapi.json by tools/generate.mjs: do not edit.",
  additionalProperties: false,
  format: false,
});
await writeFile(new URL("frames.ts", target), frames);

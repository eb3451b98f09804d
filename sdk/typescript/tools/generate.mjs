// Generates everything under src/generated from docs/openapi.json and docs/asyncapi.json. Do not edit that folder by hand.
import { readFile, rm, writeFile } from "node:fs/promises";
import { createClient } from "@hey-api/openapi-ts";
import { compile } from "json-schema-to-typescript";

const documents = new URL("../../../docs/", import.meta.url);
const target = new URL("../src/generated/", import.meta.url);
const asyncapi = JSON.parse(await readFile(new URL("asyncapi.json", documents), "utf8"));

const BANNER = "// Generated from docs/asyncapi.json by tools/generate.mjs: do not edit.";

function closeCodesModule() {
  const actions = asyncapi["x-close-code-actions"];
  if (actions === undefined || Object.keys(actions).length === 0) {
    throw new Error("docs/asyncapi.json has no `x-close-code-actions`: run `make docs`, then `make sdk` again");
  }
  const undocumented = Object.keys(asyncapi["x-close-codes"] ?? {}).filter((code) => !(code in actions));
  if (undocumented.length > 0) {
    throw new Error(`\`x-close-code-actions\` in docs/asyncapi.json has no action for ${undocumented.join(", ")}`);
  }
  const union = [...new Set(Object.values(actions))].sort().map((action) => JSON.stringify(action));
  const rows = Object.entries(actions).map(([code, action]) => `  ${code}: ${JSON.stringify(action)},`);
  return `${BANNER}

/** What a client does after the service closes a connection. \`wait\`: reconnect after the seconds at the end of the reason. */
export type CloseCodeAction = ${union.join(" | ")};

export const closeCodeActions: Readonly<Record<number, CloseCodeAction>> = {
${rows.join("\n")}
};
`;
}

async function framesModule() {
  const text = JSON.stringify({
    title: "Frame",
    anyOf: [{ $ref: "#/components/schemas/ClientFrame" }, { $ref: "#/components/schemas/ServerFrame" }],
    components: { schemas: asyncapi.components.schemas },
  });
  // A title on a single field would generate a separate type for that field.
  const schema = JSON.parse(text, function (key, value) {
    return key === "title" && typeof value === "string" && this.properties === undefined ? undefined : value;
  });
  schema.title = "Frame";
  for (const name of ["ClientFrame", "ServerFrame"]) schema.components.schemas[name].title = name;
  return compile(schema, "Frame", { bannerComment: BANNER, additionalProperties: false, format: false });
}

const closeCodes = closeCodesModule();
await rm(target, { recursive: true, force: true });
await createClient({
  input: new URL("openapi.json", documents).pathname,
  output: { path: new URL("rest", target).pathname, module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "silent" },
});
await writeFile(new URL("close-codes.ts", target), closeCodes);
await writeFile(new URL("frames.ts", target), await framesModule());

// The entry point `@wasgo/chat/rest`: the generated REST functions and their types.

export * from "./generated/rest/index.js";

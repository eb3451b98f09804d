// The generated REST functions and their types, as `@wasgo/chat/rest`.

export * from "./generated/rest/index.js";

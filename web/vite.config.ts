import { defineConfig } from "vite";

// The address of `make dev`; `npm start` proxies everything except the pages to it.
const SERVICE = "http://127.0.0.1:8000";
const SDK = new URL("../sdk/typescript/src/", import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@wasgo\/chat$/, replacement: `${SDK}index.ts` },
      { find: /^@wasgo\/chat\/rest$/, replacement: `${SDK}rest-api.ts` },
    ],
  },
  build: {
    outDir: "../src/wasgo_chat/web",
    emptyOutDir: true,
    target: "es2022",
    // Browsers with light-dark(), which the themes use.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    rolldownOptions: { input: ["index.html", "operator.html"] },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      // Not the pages, their sources and the files of Vite itself.
      "^/(?!$|[?@]|src/|node_modules/|index\\.html|operator(\\.html)?($|\\?)|ws/)": { target: SERVICE },
      "/ws/": { target: SERVICE, ws: true },
    },
  },
});

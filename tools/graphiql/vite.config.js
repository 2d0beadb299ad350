import { defineConfig } from "vite";

/** GraphiQL's style sheet carries two font families as data: 360 kB that the system's fonts do without. */
const withoutFonts = {
  name: "without-fonts",
  enforce: "pre",
  transform(code, id) {
    return id.endsWith(".css") ? { code: code.replace(/@font-face\s*\{[^}]*\}/g, ""), map: null } : null;
  },
};

/** Says where the server puts a file: the page is /graphiql, its script and style sheet lie below. */
const renderBuiltUrl = (file) => `./graphiql/${file}`;

// One page, one script, one style sheet, with fixed names: the server lists them in its source.
export default defineConfig({
  base: "./",
  plugins: [withoutFonts],
  define: { "process.env.USE_IMPORT": '"true"' },
  experimental: { renderBuiltUrl },
  build: {
    outDir: "../../src/http/graphiql",
    emptyOutDir: false,
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 2000,
    license: { fileName: "LICENSES.md" },
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "graphiql.js",
        assetFileNames: "graphiql[extname]",
      },
      // "use client" marks mean something to React's server only.
      onLog: (level, log, report) => log.code === "MODULE_LEVEL_DIRECTIVE" || report(level, log),
    },
  },
});

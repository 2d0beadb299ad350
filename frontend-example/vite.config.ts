import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While developing, the page and the API share an address: /graphql goes on to the server.
const server = process.env.FEEDGRAPH_URL ?? "http://127.0.0.1:8080";
const proxy = { "/graphql": { target: server, ws: true } };

export default defineConfig({
  base: "./", // the built files can lie in any folder of any host
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { Router } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { App } from "./App";
import { client } from "./client";
import "./style.css";

// Routes live behind the # so that any static host can serve them all from one file.
createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <Provider value={client}>
      <Router hook={useHashLocation}>
        <App />
      </Router>
    </Provider>
  </StrictMode>,
);

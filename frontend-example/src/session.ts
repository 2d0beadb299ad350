// Who is signed in, in this tab. A refresh token works once and tabs would spend each other's,
// so the session is kept per tab: a reload keeps it, closing the tab ends it.
import { useSyncExternalStore } from "react";
import type { SessionFieldsFragment } from "./gql/graphql";

export type Session = SessionFieldsFragment;

const KEY = "feedgraph-session";
const listeners = new Set<() => void>();
let session = stored();

export const getSession = () => session;

export function setSession(next: Session | null) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  listeners.forEach((listener) => listener());
}

/** True when the access token has run out, or will before an answer could be here. */
export const isStale = (session: Session | null) =>
  session !== null && (!session.accessToken || Date.parse(session.expiresAt) < Date.now() + 10_000);

export const useSession = () => useSyncExternalStore(subscribe, getSession);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

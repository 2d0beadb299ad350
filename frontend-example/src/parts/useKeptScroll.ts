import { useEffect, useLayoutEffect } from "react";
import { useLocation } from "wouter";

const positions = new Map<string, number>();

/** Opens a page at its top the first time, and where the reader left it after that. */
export function useKeptScroll() {
  const [path] = useLocation();
  useEffect(() => {
    history.scrollRestoration = "manual";
  }, []);
  useLayoutEffect(() => {
    window.scrollTo({ top: positions.get(path) ?? 0, behavior: "instant" });
    const keep = () => positions.set(path, window.scrollY);
    window.addEventListener("scroll", keep, { passive: true });
    window.addEventListener("click", keep, { capture: true }); // can come before the frame's scroll event
    return () => {
      window.removeEventListener("scroll", keep);
      window.removeEventListener("click", keep, { capture: true });
    };
  }, [path]);
}

import { useCallback, useEffect, useMemo, useState } from "react";
import { type Client, type CombinedError, useClient } from "urql";
import { DaysDocument, type DaysQuery } from "../gql/graphql";
import { dayOf, timeZone } from "../parts/time";
import { useNewEntries } from "./useNewEntries";
import { withArrivals } from "./withArrivals";

/** After so many arrivals the page is read anew, so that a tab left open does not grow for ever. */
const MOST_ARRIVALS = 100;

/** The pages to show, by the cursor that each begins after; `fresh` when the cache will not do. */
type Wanted = { afters: (string | undefined)[]; fresh: boolean };

export type FrontPageState = ReturnType<typeof useFrontPage>;

/** The planet's days, newest first: the pages read so far, and the entries that arrived since. */
export function useFrontPage(planet: string | undefined, withContent: boolean) {
  const client = useClient();
  const [wanted, setWanted] = useState<Wanted>({ afters: [undefined], fresh: false });
  const [pages, setPages] = useState<DaysQuery[]>([]);
  const [error, setError] = useState<CombinedError>();
  const [loading, setLoading] = useState(true);

  useEffect(() => {
    let current = true;
    setLoading(true);
    readPages(client, wanted, withContent).then((results) => {
      if (!current) return;
      const failed = results.find((result) => result.error)?.error;
      if (!failed) setPages(results.flatMap((result) => result.data ?? []));
      setError(failed);
      setLoading(false);
    });
    return () => {
      current = false;
    };
  }, [client, wanted, withContent]);

  const reload = useCallback(() => setWanted(({ afters }) => ({ afters, fresh: true })), []);
  const { arrivals, live } = useNewEntries(pages[0]?.changeCursor, planet, withContent, reload);
  useEffect(() => {
    if (arrivals.length >= MOST_ARRIVALS && !loading) reload();
  }, [arrivals.length, loading, reload]);

  const next = pages.at(-1)?.planet?.days.pageInfo;
  const days = useMemo(() => {
    const read = pages.flatMap((page) => page.planet?.days.nodes ?? []);
    const entries = arrivals.map((arrival) => arrival.entry);
    return withArrivals(read, entries, !next?.hasNextPage, dayOf);
  }, [pages, arrivals, next]);
  const older = () =>
    setWanted(({ afters }) => ({ afters: [...afters, next?.endCursor ?? undefined], fresh: false }));
  const updatedAt = arrivals[0]?.at ?? pages[0]?.planet?.updatedAt;

  return {
    days,
    arrivals,
    updatedAt,
    live,
    loading,
    error,
    reload,
    older: next?.hasNextPage ? older : undefined,
  };
}

function readPages(client: Client, { afters, fresh }: Wanted, withContent: boolean) {
  const requestPolicy = fresh ? "network-only" : "cache-first";
  return Promise.all(
    afters.map((after) =>
      client.query(DaysDocument, { after, timeZone, withContent }, { requestPolicy }).toPromise(),
    ),
  );
}

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useClient } from "urql";
import { socket } from "../client";
import { NewEntriesDocument, type NewEntriesSubscription } from "../gql/graphql";

export type Arrival = NewEntriesSubscription["entryAdded"];

/**
 * The planet's new entries since `start` (a change cursor), newest first, each exactly once. When the
 * connection breaks it goes on from the last entry's cursor, so nothing is lost or sent again.
 * `expired` is called when the server no longer keeps what came after the cursor.
 */
export function useNewEntries(
  start: string | undefined,
  planet: string | undefined,
  withContent: boolean,
  expired: () => void,
) {
  const client = useClient();
  const { live, losses } = useConnection();
  const [arrivals, setArrivals] = useState<Arrival[]>([]);
  const cursor = useRef(start);

  useEffect(() => {
    cursor.current = start;
    setArrivals([]);
  }, [start]);

  useEffect(() => {
    const after = cursor.current;
    if (!after || !planet) return;
    const subscription = client
      .subscription(NewEntriesDocument, { planet, after, withContent })
      .subscribe(({ data, error }) => {
        if (data) {
          cursor.current = data.entryAdded.cursor;
          setArrivals((earlier) => [data.entryAdded, ...earlier]);
        } else if (error?.graphQLErrors.some((e) => e.extensions?.code === "CURSOR_EXPIRED")) {
          expired();
        }
      });
    return () => subscription.unsubscribe();
  }, [client, start, planet, withContent, losses, expired]);

  return { arrivals, live };
}

// How the socket is doing: whether it is connected, and how often it was lost.
let connection = { live: false, losses: 0 };

function useConnection() {
  return useSyncExternalStore(watchConnection, () => connection);
}

function watchConnection(changed: () => void) {
  const set = (next: typeof connection) => {
    connection = next;
    changed();
  };
  const stops = [
    socket.on("connected", () => set({ ...connection, live: true })),
    socket.on("closed", () => set({ live: false, losses: connection.losses + 1 })),
  ];
  return () => stops.forEach((stop) => stop());
}

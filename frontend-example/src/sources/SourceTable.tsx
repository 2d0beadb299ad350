import { useState } from "react";
import { useMutation, useQuery } from "urql";
import {
  PauseSourceDocument,
  RemoveSourceDocument,
  ResumeSourceDocument,
  type SourceFieldsFragment,
  SourceListDocument,
} from "../gql/graphql";
import { Badge } from "../parts/Badge";
import { Failure } from "../parts/Failure";
import { Refusals } from "./Field";

/** The sources, a page at a time, with what an editor can do to each. */
export function SourceTable({ changed }: { changed: () => void }) {
  const [before, setBefore] = useState<(string | undefined)[]>([]);
  const [after, setAfter] = useState<string>();
  const [{ data, error }, retry] = useQuery({ query: SourceListDocument, variables: { after } });
  const sources = data?.planet?.sources;
  const next = sources?.pageInfo.hasNextPage ? sources.pageInfo.endCursor : null;
  return (
    <section aria-labelledby="followed">
      <h2 id="followed">Followed {sources && `(${sources.totalCount})`}</h2>
      {error && <Failure error={error} retry={retry} />}
      <ul className="sources">
        {sources?.nodes.map((source) => (
          <SourceRow key={source.id} source={source} changed={changed} />
        ))}
      </ul>
      <p className="pages">
        {before.length > 0 && (
          <button
            onClick={() => {
              setAfter(before.at(-1));
              setBefore(before.slice(0, -1));
            }}
          >
            Previous
          </button>
        )}
        {next && (
          <button
            onClick={() => {
              setBefore([...before, after]);
              setAfter(next);
            }}
          >
            Next
          </button>
        )}
      </p>
    </section>
  );
}

function SourceRow({ source, changed }: { source: SourceFieldsFragment; changed: () => void }) {
  const [pausing, pause] = useMutation(PauseSourceDocument);
  const [resuming, resume] = useMutation(ResumeSourceDocument);
  const [removing, remove] = useMutation(RemoveSourceDocument);
  const { id, title, status } = source;
  const stopped = status === "PAUSED" || status === "DEAD";
  const busy = pausing.fetching || resuming.fetching || removing.fetching;
  const error = pausing.error ?? resuming.error ?? removing.error;
  const refusals = [
    ...(pausing.data?.pauseSource.userErrors ?? []),
    ...(resuming.data?.resumeSource.userErrors ?? []),
    ...(removing.data?.removeSource.userErrors ?? []),
  ];

  async function confirmRemoval() {
    if (!confirm(`Remove ${title} and its entries?`)) return;
    // The answer holds no Source for the cache to go by, so what to read again is named here.
    const result = await remove({ id }, { additionalTypenames: ["Source"] });
    if (result.data?.removeSource.removedId) changed();
  }

  return (
    <li data-status={status}>
      <Badge source={source} />
      <div className="about">
        <strong>{title}</strong> <span className="status">{status.toLowerCase()}</span>
        <a href={source.feedUrl}>{source.feedUrl}</a>
        <Refusals refusals={refusals} />
        {error && <Failure error={error} />}
      </div>
      <div className="actions">
        <button disabled={busy} onClick={() => void (stopped ? resume : pause)({ id })}>
          {stopped ? "Resume" : "Pause"}
          <span className="unseen"> {title}</span>
        </button>
        <button disabled={busy} className="danger" onClick={() => void confirmRemoval()}>
          Remove<span className="unseen"> {title}</span>
        </button>
      </div>
    </li>
  );
}

import type { CombinedError } from "urql";

/** What went wrong, in words, and a way to try again. */
export function Failure({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const message = error.networkError
    ? "The server does not answer."
    : error.graphQLErrors.map((e) => e.message).join(" ");
  return (
    <p className="failure" role="alert">
      {message} {retry && <button onClick={() => retry()}>Try again</button>}
    </p>
  );
}

import type { PlanetQuery } from "../gql/graphql";
import { Failure } from "../parts/Failure";
import { jump } from "../parts/jump";
import { Days } from "./Days";
import { Sidebar } from "./Sidebar";
import type { FrontPageState } from "./useFrontPage";

type Props = {
  planet: NonNullable<PlanetQuery["planet"]>;
  front: FrontPageState;
  titlesOnly: boolean;
  setTitlesOnly: (on: boolean) => void;
};

export function FrontPage({ planet, front, titlesOnly, setTitlesOnly }: Props) {
  const { days, arrivals, loading, error, reload, older } = front;
  const news = arrivals.filter((arrival) => !arrival.backlog).map((arrival) => arrival.entry);
  const newest = news[0];
  return (
    <div className="columns">
      <main id="main" tabIndex={-1} aria-busy={loading}>
        <div className="toolbar">
          <h1>Latest entries</h1>
          <a className="to-sidebar" href="#subscriptions" onClick={jump}>
            Subscriptions
          </a>
          <label className="switch">
            <input
              type="checkbox"
              role="switch"
              checked={titlesOnly}
              onChange={(event) => setTitlesOnly(event.target.checked)}
            />
            Titles only
          </label>
        </div>
        <p className="unseen" role="status">
          {newest && `New from ${newest.source.title}: ${newest.title}`}
        </p>
        <Days days={days} arrived={new Set(news.map((entry) => entry.id))} titlesOnly={titlesOnly} />
        {days.length === 0 && !error && <p className="waiting">{loading ? "Loading…" : "No entries yet."}</p>}
        {error && <Failure error={error} retry={reload} />}
        {older && (
          <button className="older" onClick={older} disabled={loading}>
            {loading ? "Loading…" : "Older entries"}
          </button>
        )}
      </main>
      <Sidebar planet={planet} />
    </div>
  );
}

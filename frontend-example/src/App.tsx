// The frame of every page, and which page it is.
import { useState } from "react";
import { useQuery } from "urql";
import { Link, Route, Switch } from "wouter";
import { EntryPage } from "./entry/EntryPage";
import { FrontPage } from "./front/FrontPage";
import { useFrontPage } from "./front/useFrontPage";
import { PlanetDocument } from "./gql/graphql";
import { Failure } from "./parts/Failure";
import { jump } from "./parts/jump";
import { Moment } from "./parts/time";
import { useKeptScroll } from "./parts/useKeptScroll";
import { SourcesPage } from "./sources/SourcesPage";

export function App() {
  const [{ data, error, fetching }, retry] = useQuery({ query: PlanetDocument });
  const planet = data?.planet;
  const [titlesOnly, setTitlesOnly] = useState(false);
  // Kept here, above the routes, so that coming back from an entry finds the page as it was left.
  const front = useFrontPage(planet?.slug, !titlesOnly);
  useKeptScroll();

  if (error && !planet) return <Failure error={error} retry={retry} />;
  if (!planet) return <p className="waiting">{fetching ? "Loading…" : "This server has no planet yet."}</p>;
  return (
    <>
      <title>{planet.title}</title>
      <a className="skip" href="#main" onClick={jump}>
        Skip to the content
      </a>
      <header className="masthead">
        <div>
          <p className="name">
            <Link href="/">{planet.title}</Link>
          </p>
          {planet.description && <p className="about">{planet.description}</p>}
        </div>
        <div className="state">
          <p>Last update: {front.updatedAt ? <Moment at={front.updatedAt} withDate /> : "not yet"}</p>
          <p className="connection" data-live={front.live}>
            {front.live ? "Live: new entries appear by themselves" : "Connecting…"}
          </p>
        </div>
      </header>
      <Switch>
        <Route path="/entries/:id">{({ id }) => <EntryPage id={decodeURIComponent(id)} />}</Route>
        <Route path="/sources">
          <SourcesPage planet={planet.slug} changed={front.reload} />
        </Route>
        <Route>
          <FrontPage planet={planet} front={front} titlesOnly={titlesOnly} setTitlesOnly={setTitlesOnly} />
        </Route>
      </Switch>
    </>
  );
}

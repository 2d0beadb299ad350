import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { type PlanetQuery, SourceListDocument } from "../gql/graphql";
import { grouped } from "../parts/grouped";

/** Beside the days: links to other places, and who the planet follows. */
export function Sidebar({ planet }: { planet: NonNullable<PlanetQuery["planet"]> }) {
  const groups = grouped(planet.links, (link) => link.group);
  return (
    <aside className="sidebar">
      {[...groups].map(([group, links]) => (
        <section key={group} aria-label={group}>
          <h2>{group}</h2>
          <ul>
            {links.map((link) => (
              <li key={link.url + link.title}>
                <a href={link.url}>{link.title}</a>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <section aria-labelledby="subscriptions">
        <h2 id="subscriptions" tabIndex={-1}>
          Subscriptions
        </h2>
        <p>
          <Link href="/sources">Add, pause or remove</Link>
        </p>
        <Subscriptions />
      </section>
    </aside>
  );
}

/** The list of subscriptions, a page at a time: one component for each page's cursor. */
function Subscriptions() {
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  return (
    <ul className="subscriptions">
      {cursors.map((after, i) => (
        <SubscriptionPage
          key={after ?? ""}
          after={after}
          more={i === cursors.length - 1 ? (next) => setCursors([...cursors, next]) : undefined}
        />
      ))}
    </ul>
  );
}

function SubscriptionPage({ after, more }: { after?: string; more?: (cursor: string) => void }) {
  const [{ data }] = useQuery({ query: SourceListDocument, variables: { after } });
  const sources = data?.planet?.sources;
  const next = sources?.pageInfo.hasNextPage && sources.pageInfo.endCursor;
  return (
    <>
      {sources?.nodes.map((source) => (
        <li key={source.id} data-status={source.status}>
          <a className="feed" href={source.feedUrl} aria-label={`Feed of ${source.title}`}>
            feed
          </a>
          {source.siteUrl ? <a href={source.siteUrl}>{source.title}</a> : source.title}
        </li>
      ))}
      {more && next && (
        <li>
          <button onClick={() => more(next)}>More of {sources.totalCount}</button>
        </li>
      )}
    </>
  );
}

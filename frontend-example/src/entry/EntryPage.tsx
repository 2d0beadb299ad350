import { useQuery } from "urql";
import { Link } from "wouter";
import { EntryDocument, type EntryQuery } from "../gql/graphql";
import { Badge } from "../parts/Badge";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/time";
import { Authors } from "./Authors";
import { Content } from "./Content";

type Entry = NonNullable<EntryQuery["entry"]>;

export function EntryPage({ id }: { id: string }) {
  const [{ data, error, fetching }, retry] = useQuery({ query: EntryDocument, variables: { id } });
  return (
    <main id="main" tabIndex={-1} className="single" aria-busy={fetching}>
      <p>
        <Link href="/">← All entries</Link>
      </p>
      {data?.entry && <WholeEntry entry={data.entry} />}
      {error && <Failure error={error} retry={retry} />}
      {!data?.entry && !error && (
        <p className="waiting">{fetching ? "Loading…" : "There is no such entry."}</p>
      )}
    </main>
  );
}

function WholeEntry({ entry }: { entry: Entry }) {
  const { source } = entry;
  const title = entry.title || "Untitled";
  return (
    <article lang={entry.language ?? undefined}>
      <title>{`${title} · ${source.title}`}</title>
      <p className="from">
        <Badge source={source} />
        {source.siteUrl ? <a href={source.siteUrl}>{source.title}</a> : source.title}
      </p>
      <h1>{title}</h1>
      <p className="byline">
        <Authors authors={entry.authors} besides={source.title} />
        <Moment at={entry.publishedAt} withDate />
        <span>{entry.wordCount} words</span>
        {entry.url && <a href={entry.url}>Read it where it was published</a>}
        {entry.commentsUrl && <a href={entry.commentsUrl}>Comments</a>}
      </p>
      {entry.content && <Content html={entry.content} />}
      <Enclosures enclosures={entry.enclosures} />
      {entry.tags.length > 0 && (
        <ul className="tags" aria-label="Tags">
          {entry.tags.map((tag) => (
            <li key={tag}>{tag}</li>
          ))}
        </ul>
      )}
    </article>
  );
}

function Enclosures({ enclosures }: Pick<Entry, "enclosures">) {
  return enclosures.map(({ url, title, mimeType, sizeBytes }) => (
    <p className="enclosure" key={url}>
      {mimeType?.startsWith("audio/") && <audio controls preload="none" src={url} />}
      <a href={url}>{title || url.split("/").at(-1) || url}</a> {mimeType}
      {sizeBytes ? `, ${(sizeBytes / 1e6).toFixed(1)} MB` : ""}
    </p>
  ));
}

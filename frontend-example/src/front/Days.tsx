import { Link } from "wouter";
import { Authors } from "../entry/Authors";
import { Content } from "../entry/Content";
import { Badge } from "../parts/Badge";
import { dayInWords, Moment } from "../parts/time";
import type { Day, Entry } from "./withArrivals";

type Props = { days: Day[]; arrived: ReadonlySet<string>; titlesOnly: boolean };

/** Days, newest first; in each, the entries in runs of one source. */
export function Days({ days, arrived, titlesOnly }: Props) {
  return days.map((day) => (
    <section className={titlesOnly ? "day titles" : "day"} key={day.date} aria-labelledby={day.date}>
      <h2 id={day.date}>
        <time dateTime={day.date}>{dayInWords(day.date)}</time>
      </h2>
      {day.runs.map((run) => (
        <section className="run" key={run.entries.at(-1)?.id}>
          <h3>
            <Badge source={run.source} />
            {run.source.siteUrl ? <a href={run.source.siteUrl}>{run.source.title}</a> : run.source.title}
          </h3>
          <div className="entries">
            {run.entries.map((entry) => (
              <EntryOfDay
                key={entry.id}
                entry={entry}
                isNew={arrived.has(entry.id)}
                titlesOnly={titlesOnly}
              />
            ))}
          </div>
        </section>
      ))}
      <Unshown day={day} />
    </section>
  ));
}

function EntryOfDay({ entry, isNew, titlesOnly }: { entry: Entry; isNew: boolean; titlesOnly: boolean }) {
  return (
    <article className="entry" data-new={isNew || undefined} lang={entry.language ?? undefined}>
      <h4>
        <Link href={`/entries/${encodeURIComponent(entry.id)}`}>{entry.title || "Untitled"}</Link>
      </h4>
      {!titlesOnly && entry.content && <Content html={entry.content} />}
      <p className="byline">
        <Authors authors={entry.authors} besides={entry.source.title} />
        {entry.url ? (
          <a href={entry.url} title="Read it where it was published">
            <Moment at={entry.publishedAt} />
          </a>
        ) : (
          <Moment at={entry.publishedAt} />
        )}
        {isNew && <span className="new">new</span>}
      </p>
    </article>
  );
}

/** The API lays out a day's newest 100 entries; a busier day says so. */
function Unshown({ day }: { day: Day }) {
  const shown = day.runs.reduce((sum, run) => sum + run.entries.length, 0);
  if (shown >= day.entryCount) return null;
  return (
    <p className="byline">
      The newest {shown} of the day’s {day.entryCount} entries.
    </p>
  );
}

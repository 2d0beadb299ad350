import { Fragment } from "react";

type Author = { id: string; name: string; url: string | null };

/** The authors' names, unless the only one is the source's own name. */
export function Authors({ authors, besides }: { authors: readonly Author[]; besides: string }) {
  if (authors.length === 0 || (authors.length === 1 && authors[0]?.name === besides)) return null;
  return (
    <span>
      by{" "}
      {authors.map((author, i) => (
        <Fragment key={author.id}>
          {i > 0 && ", "}
          {author.url ? <a href={author.url}>{author.name}</a> : author.name}
        </Fragment>
      ))}
    </span>
  );
}

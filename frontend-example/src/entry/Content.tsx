/**
 * An entry's content. The server sanitised it (the scalar HTML promises no scripts, handlers or unsafe
 * addresses), so it goes into the page as it is. Do this with nothing else.
 */
export function Content({ html }: { html: string }) {
  return <div className="content" dangerouslySetInnerHTML={{ __html: html }} />;
}

import { useMutation } from "urql";
import { AddSourceDocument } from "../gql/graphql";
import { Failure } from "../parts/Failure";
import { besides, Field, Refusals } from "./Field";

export function AddSource({ planet, added }: { planet: string; added: () => void }) {
  const [{ data, error, fetching }, addSource] = useMutation(AddSourceDocument);
  const refusals = data?.addSource.userErrors ?? [];

  async function submit(element: HTMLFormElement) {
    const form = new FormData(element);
    const result = await addSource({
      planet,
      url: String(form.get("url")),
      title: String(form.get("title")) || null,
    });
    if (!result.data?.addSource.source) return;
    element.reset();
    added();
  }

  return (
    <form
      className="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <h2>Add a source</h2>
      <Field
        label="Address of a feed, or of a page that has one"
        name="url"
        type="url"
        placeholder="https://"
        required
        refusals={refusals}
      />
      <Field label="Title (the feed’s own when left empty)" name="title" refusals={refusals} />
      <Refusals refusals={besides(refusals, "url", "title")} />
      {error && <Failure error={error} />}
      <button disabled={fetching}>{fetching ? "Reading the feed…" : "Add"}</button>
      <p role="status">
        {data?.addSource.source && !fetching && `Now following ${data.addSource.source.title}.`}
      </p>
    </form>
  );
}

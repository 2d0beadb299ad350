import { type InputHTMLAttributes, useId } from "react";
import type { RefusalFragment } from "../gql/graphql";

type Props = InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  name: string;
  refusals: readonly RefusalFragment[];
};

/** A labelled input, with what the server said against the argument of that name. */
export function Field({ label, name, refusals, ...input }: Props) {
  const id = useId();
  const against = refusals.filter((refusal) => refusal.path.at(-1) === name);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        name={name}
        aria-invalid={against.length > 0}
        aria-describedby={`${id}-said`}
      />
      <Refusals id={`${id}-said`} refusals={against} />
    </div>
  );
}

/** What the server refused, and why: `userErrors`, in its words. */
export function Refusals({ refusals, id }: { refusals: readonly RefusalFragment[]; id?: string }) {
  return (
    <div id={id} role="alert">
      {refusals.map((refusal) => (
        <p className="refusal" key={refusal.code + refusal.message}>
          {refusal.message}
        </p>
      ))}
    </div>
  );
}

/** The refusals that none of the named fields shows. */
export const besides = (refusals: readonly RefusalFragment[], ...names: string[]) =>
  refusals.filter((refusal) => !names.includes(refusal.path.at(-1) ?? ""));

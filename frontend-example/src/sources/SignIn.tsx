import { useMutation } from "urql";
import { SignInDocument } from "../gql/graphql";
import { Failure } from "../parts/Failure";
import { setSession } from "../session";
import { besides, Field, Refusals } from "./Field";

export function SignIn() {
  const [{ data, error, fetching }, signIn] = useMutation(SignInDocument);
  const refusals = data?.signIn.userErrors ?? [];

  async function submit(form: FormData) {
    const result = await signIn({
      username: String(form.get("username")),
      password: String(form.get("password")),
    });
    const session = result.data?.signIn.session;
    if (session) setSession(session);
  }

  return (
    <form
      className="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      <h2>Sign in to add, pause or remove sources</h2>
      <Field label="Name" name="username" autoComplete="username" required refusals={refusals} />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        refusals={refusals}
      />
      <Refusals refusals={besides(refusals, "username", "password")} />
      {error && <Failure error={error} />}
      <button disabled={fetching}>{fetching ? "Signing in…" : "Sign in"}</button>
    </form>
  );
}

import { useMutation } from "urql";
import { Link } from "wouter";
import { SignOutDocument } from "../gql/graphql";
import { type Session, setSession, useSession } from "../session";
import { AddSource } from "./AddSource";
import { SignIn } from "./SignIn";
import { SourceTable } from "./SourceTable";

type Props = { planet: string; changed: () => void };

/** For editors: what the planet follows. `changed` is called when its days may be others now. */
export function SourcesPage({ planet, changed }: Props) {
  const session = useSession();
  return (
    <main id="main" tabIndex={-1} className="single">
      <title>Sources</title>
      <p>
        <Link href="/">← All entries</Link>
      </p>
      <h1>Sources</h1>
      {session ? <Editor session={session} planet={planet} changed={changed} /> : <SignIn />}
    </main>
  );
}

function Editor({ session, planet, changed }: Props & { session: Session }) {
  const { username, role } = session.user;
  const [, signOut] = useMutation(SignOutDocument);
  const leave = async () => {
    await signOut({ refreshToken: session.refreshToken });
    setSession(null);
  };
  return (
    <>
      <p className="signed-in">
        <span>
          Signed in as <strong>{username}</strong>
        </span>
        <button onClick={leave}>Sign out</button>
      </p>
      {role === "READER" ? (
        <p>Your account may read. Adding and removing sources takes an editor’s.</p>
      ) : (
        <>
          <AddSource planet={planet} added={changed} />
          <SourceTable changed={changed} />
        </>
      )}
    </>
  );
}

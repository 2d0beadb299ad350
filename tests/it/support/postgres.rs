//! A private PostgreSQL for this run of the tests. In: an installed PostgreSQL. Out: addresses of fresh
//! databases. The server listens on a socket in a temporary folder, and both are gone when this process
//! is, however it ends: a watcher in a process group of its own waits for our end of a pipe to close.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::OnceCell;

/// Started by `sh -c`, with the folder of PostgreSQL's programs as `$1`. It says the socket's folder when
/// the server answers, and tidies up when its standard input ends.
const WATCHER: &str = r#"
set -eu
programs=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/fg-pg.XXXXXX")
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as_owner() { runuser -u postgres -- "$@"; }
fi
cd "$folder"
# Its last process may still be writing when the server is said to be down.
tidy() {
    for try in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf "$folder" 2>/dev/null && return
        sleep 0.2
    done
}
trap tidy EXIT
as_owner "$programs/initdb" -D "$folder/data" -U feedgraph -A trust -E UTF8 --locale C.UTF-8 --no-sync \
    >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }
as_owner "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c max_connections=500 -c autovacuum=off \
    >"$folder/server.log" 2>&1 </dev/null &
tries=0
until "$programs/pg_isready" -q -h "$folder" -U feedgraph -d postgres; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { cat "$folder/server.log" >&2; exit 1; }
    sleep 0.1
done
echo "$folder"
cat >/dev/null
kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
wait || true
"#;

/// Stops or starts a server: `$1` the folder of PostgreSQL's programs, `$2` ours, `$3` `stop` or `start`. It is stopped as by a
/// power cut.
const CONTROL: &str = r#"
set -eu
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    as_owner() { runuser -u postgres -- "$@"; }
fi
cd "$2"
if [ "$3" = stop ]; then
    as_owner "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null
else
    as_owner "$1/pg_ctl" -D "$2/data" -l "$2/data/again.log" -w \
        -o "-k $2 -c listen_addresses= -c fsync=off -c max_connections=100" start >/dev/null
fi
"#;

/// The server of this run.
pub struct Cluster {
    folder: String,
    template: OnceCell<()>,
    made: AtomicU32,
    /// Its standard input is the pipe that tells it of our end.
    _watcher: Child,
}

impl Cluster {
    /// The one of this process, started when first asked for; or why there is none.
    pub fn shared() -> Result<&'static Self, &'static str> {
        static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
        CLUSTER
            .get_or_init(Self::start)
            .as_ref()
            .map_err(String::as_str)
    }

    fn start() -> Result<Self, String> {
        let programs = programs().ok_or("PostgreSQL is not installed")?;
        let mut watcher = Command::new("sh")
            .args(["-c", WATCHER, "postgres-for-tests"])
            .arg(programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("sh does not start: {error}"))?;
        let mut said = String::new();
        let stdout = watcher.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut said)
            .map_err(|error| error.to_string())?;
        if said.trim().is_empty() {
            return Err("PostgreSQL is installed but does not start; see above".to_owned());
        }
        Ok(Self {
            folder: said.trim().to_owned(),
            template: OnceCell::new(),
            made: AtomicU32::new(0),
            _watcher: watcher,
        })
    }

    /// One of the caller's own, to be stopped and started.
    pub fn own() -> Result<Self, String> {
        Self::start()
    }

    /// Stops it under whoever uses it.
    pub fn stop(&self) {
        self.control("stop");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.control("start");
    }

    fn control(&self, action: &str) {
        let done = Command::new("sh")
            .args(["-c", CONTROL, "postgres-for-tests"])
            .arg(programs().expect("it was found before"))
            .args([&self.folder, action])
            .status();
        assert!(
            done.expect("sh runs").success(),
            "PostgreSQL does not {action}"
        );
    }

    /// The address of a database that nobody else uses, migrated and empty.
    pub async fn fresh_database(&self) -> String {
        let prepare = || async {
            self.make("template_migrated", "template0").await;
            super::database::migrate(&self.url("template_migrated")).await;
        };
        self.template.get_or_init(prepare).await;
        let name = format!("test_{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.make(&name, "template_migrated").await;
        self.url(&name)
    }

    async fn make(&self, name: &str, template: &str) {
        let mut admin = PgConnection::connect(&self.url("postgres"))
            .await
            .expect("PostgreSQL answers");
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin
            .execute(sqlx::AssertSqlSafe(statement))
            .await
            .expect("a database is made");
        admin.close().await.expect("it closes");
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://feedgraph@localhost/{name}?host={}", self.folder)
    }
}

/// Whether the tests may not do without PostgreSQL.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says so in the environment"
)]
pub fn is_required() -> bool {
    std::env::var("FEEDGRAPH_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1")
}

/// Says what was left out, past the capture of a passing test's output.
pub fn say_skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: on PostgreSQL: {why}");
}

/// The folder with `initdb` and `postgres`: as the path or `pg_config` say, else where Debian has it.
fn programs() -> Option<PathBuf> {
    let asked = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(PathBuf::from(text.trim()))
    };
    let mut folders: Vec<PathBuf> = asked("pg_config", "--bindir").into_iter().collect();
    let mut of_debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    of_debian.sort();
    folders.extend(of_debian.into_iter().rev());
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

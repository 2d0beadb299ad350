//! The program as a newcomer meets it: first start, settings, mistakes, accounts, and its end.

use crate::support::Client;
use crate::support::program::{Running, command, finish, run, run_with_input};
use serde_json::json;

const QUIET: [&str; 6] = [
    "--listen",
    "127.0.0.1:0",
    "--poll",
    "false",
    "--log",
    "warn",
];

fn with<'a>(own: &[&'a str]) -> Vec<&'a str> {
    [own, &QUIET].concat()
}

#[tokio::test]
async fn the_first_start_makes_all_that_is_needed_and_the_second_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Running::start(folder.path(), &with(&[]));
    let graphiql = program.says("GraphiQL").await;
    let password = program.says("user admin, password ").await;
    program.says("Following  26 feeds").await;
    program.says("Ctrl-C").await;
    assert!(folder.path().join("feedgraph.db").exists());

    let client = Client::anonymous(graphiql.trim_end_matches("/graphiql"));
    let data = client
        .query("{ planet { slug sources { totalCount } } }", json!({}))
        .await;
    assert_eq!(
        data,
        json!({"planet": {"slug": "planet", "sources": {"totalCount": 26}}})
    );
    client.sign_in("admin", &password).await;
    assert!(program.end_with("TERM").await);

    let mut again = Running::start(folder.path(), &with(&[]));
    again.says("Ctrl-C").await;
    let said = again.said.join("\n");
    assert!(
        !said.contains("password") && !said.contains("Following"),
        "{said}"
    );
    assert!(again.end_with("INT").await);
}

#[tokio::test]
async fn a_port_in_use_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(folder.path(), &["--listen", &address]).await;
    assert!(!ended.success);
    assert!(
        ended.stderr.contains(&format!(
            "cannot serve at {address}: another program serves there"
        )),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("--listen"));
    assert!(!folder.path().join("feedgraph.db").exists());
}

#[tokio::test]
async fn settings_come_from_flags_then_variables_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = "name = \"from the file\"\nlog = \"warn\"\npoll_per_host = 3\n";
    std::fs::write(folder.path().join("feedgraph.toml"), file).unwrap();
    let mut command = command(folder.path(), &["config", "--name", "by flag"]);
    command.env("FEEDGRAPH_NAME", "by variable");
    command.env("FEEDGRAPH_LOG", "error");
    command.env("FEEDGRAPH_DATABASE", "postgres://ann:secret@db/feeds");
    let ended = finish(command).await;
    assert!(ended.success, "{}", ended.stderr);
    let line = |name: &str| {
        let mut lines = ended.stdout.lines();
        let line = lines.find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("name"), "name by flag --name");
    assert_eq!(line("log "), "log error FEEDGRAPH_LOG");
    assert_eq!(
        line("poll_per_host"),
        "poll_per_host 3 feedgraph.toml, line 3"
    );
    assert_eq!(line("listen"), "listen 127.0.0.1:8080 default");
    assert_eq!(
        line("database "),
        "database postgres://ann:***@db/feeds FEEDGRAPH_DATABASE"
    );
    assert!(!ended.stdout.contains("secret"));
}

#[tokio::test]
async fn mistakes_in_settings_are_told_by_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("feedgraph.toml"), "\nport = 80\n").unwrap();
    let ended = run(folder.path(), &["config"]).await;
    assert!(!ended.success);
    assert!(
        ended
            .stderr
            .contains("feedgraph.toml, line 2: \"port\" is no setting"),
        "{}",
        ended.stderr
    );

    let named = run(folder.path(), &["config", "--config", "nowhere.toml"]).await;
    assert!(
        named.stderr.contains("nowhere.toml cannot be read"),
        "{}",
        named.stderr
    );

    std::fs::remove_file(folder.path().join("feedgraph.toml")).unwrap();
    let bad = run(folder.path(), &["--max-redirects", "many"]).await;
    assert_eq!(
        bad.stderr.trim(),
        "feedgraph: max_redirects = \"many\" (--max-redirects) is not valid: expected a whole number"
    );
    let nowhere = run(
        folder.path(),
        &["migrate", "--database", "sqlite:///nowhere/at/all.db"],
    )
    .await;
    assert!(
        nowhere
            .stderr
            .contains("the database at sqlite:///nowhere/at/all.db cannot be used"),
        "{}",
        nowhere.stderr
    );
}

#[tokio::test]
async fn the_schema_can_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &["schema"]).await;
    assert!(ended.success);
    assert_eq!(ended.stdout, include_str!("../../schema.graphql"));
}

on_each_database! {
    async fn accounts_are_made_listed_and_removed(database: Database) {
        let folder = database.folder();
        let user = async |arguments: &[&str]| {
            let all = [&["user"], arguments, &["--database", &database.url]].concat();
            run(folder, &all).await
        };
        let made = user(&["add", "Ann", "--role", "admin"]).await;
        assert!(made.success, "{}", made.stderr);
        assert!(made.stdout.contains("password"), "{}", made.stdout);

        let again = user(&["add", "ann"]).await;
        assert!(!again.success);
        assert!(again.stderr.contains("there is an account \"ann\" already"), "{}", again.stderr);

        let arguments = ["user", "add", "bob", "--password-stdin", "--database", &database.url];
        let weak = run_with_input(folder, &arguments, "short\n").await;
        assert!(weak.stderr.contains("at least 10 characters"), "{}", weak.stderr);
        let good = run_with_input(folder, &arguments, "a long enough one\n").await;
        assert!(good.success, "{}", good.stderr);
        assert!(!good.stdout.contains("long enough"), "{}", good.stdout);

        let listed = user(&["list"]).await.stdout;
        let names: Vec<&str> = listed.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(names, ["Ann", "bob"]);

        let last = user(&["remove", "ann"]).await;
        assert!(last.stderr.contains("the last admin"), "{}", last.stderr);
        assert!(user(&["remove", "bob"]).await.success);
        let gone = user(&["passwd", "bob"]).await;
        assert!(gone.stderr.contains("there is no account \"bob\""), "{}", gone.stderr);
    }
}

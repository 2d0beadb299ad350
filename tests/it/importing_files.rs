//! `feedgraph import` and `export`: lists of subscriptions go in, and come out again.

use crate::support::program::{run, run_with_input};

const CONFIG: &str = "\
[Planet]
name = Planet Test

[DEFAULT]
tags = python

[http://feeds.example.org/one]
name = \"Menno's Musings\"

what is this

[http://feeds.example.org/two?a=1&b=2]
name = Łukasz Langa

[feed three]
name = Broken
";

#[tokio::test]
async fn a_dry_run_lists_feeds_and_reports_broken_lines() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_with_input(folder.path(), &["import", "-", "--dry-run"], CONFIG).await;
    assert!(ended.success, "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "http://feeds.example.org/one\tMenno's Musings\tpython\n\
         http://feeds.example.org/two?a=1&b=2\tŁukasz Langa\tpython\n"
    );
    assert!(ended.stderr.contains("line 10: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 15: "), "{}", ended.stderr);
    assert!(!folder.path().join("feedgraph.db").exists());
}

#[tokio::test]
async fn what_is_no_list_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_with_input(folder.path(), &["import", "-"], "<rss/>").await;
    assert!(!ended.success);
    assert_eq!(
        ended.stderr.trim(),
        "feedgraph: standard input, line 1: this is a document of <rss>, not OPML: it has no <opml>"
    );
    let missing = run(folder.path(), &["import", "nowhere.opml"]).await;
    assert!(
        missing.stderr.contains("nowhere.opml cannot be read"),
        "{}",
        missing.stderr
    );
}

on_each_database! {
    async fn imported_feeds_are_followed_once_and_exported(database: Database) {
        let folder = database.folder();
        std::fs::write(folder.join("config.ini"), CONFIG).unwrap();
        let import = ["import", "config.ini", "--database", &database.url];
        let first = run(folder, &import).await;
        assert!(first.success, "{}", first.stderr);
        assert_eq!(first.stdout, "2 followed, 0 followed already, 0 refused\n");
        let second = run(folder, &import).await;
        assert_eq!(second.stdout, "0 followed, 2 followed already, 0 refused\n");

        let exported = run(folder, &["export", "--database", &database.url]).await;
        assert!(exported.success, "{}", exported.stderr);
        let again = run_with_input(folder, &["import", "-", "--dry-run"], &exported.stdout).await;
        assert_eq!(
            again.stdout,
            "http://feeds.example.org/one\tMenno's Musings\tpython\n\
             http://feeds.example.org/two?a=1&b=2\tŁukasz Langa\tpython\n"
        );
    }
}

//! `feedgraph reparse`, beside a running program that shares the database.

use super::{Post, World, atom};
use crate::support::program::run;

on_each_database! {
    async fn the_command_reads_again_while_the_program_serves(database: Database) {
        let world = World::start(&database).await;
        world.follow("/one", atom(&[Post::new("a")])).await;
        world.follow("/two", atom(&[Post::new("b")])).await;
        let before = (world.entries().await, world.app.app.parts().store.head().await.unwrap());
        let reparse = async |arguments: &[&str]| {
            let arguments = [&["reparse", "--database", &database.url, "--log", "warn"], arguments].concat();
            run(database.folder(), &arguments).await
        };
        for (arguments, said) in [
            (&["--dry-run"][..], "2 sources read again, 0 left out: 0 entries added, 0 updated, 0 sources changed; nothing was written\n"),
            (&["--all"], "2 sources read again, 0 left out: 0 entries added, 0 updated, 0 sources changed\n"),
            (&["--source", "source:1"], "1 sources read again, 0 left out: 0 entries added, 0 updated, 0 sources changed\n"),
        ] {
            let ended = reparse(arguments).await;
            assert!(ended.success, "{}", ended.stderr);
            assert_eq!(ended.stdout, said);
        }
        let after = (world.entries().await, world.app.app.parts().store.head().await.unwrap());
        assert_eq!(after, before);
        let ended = reparse(&["--source", "source:99"]).await;
        assert!(!ended.success);
        assert!(ended.stderr.contains("there is no source \"source:99\""), "{}", ended.stderr);
    }
}

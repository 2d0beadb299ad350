//! What the tests stand on. In: what a test asks for. Out: a database of its own, a feed publisher, a
//! clock moved by hand, a whole running program, clients. Must not know: what is tested.
#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

mod app;
mod client;
mod database;
mod editor;
mod feed;
mod graph;
mod growing;
pub mod postgres;
pub mod program;
mod publisher;
mod raw;
mod wait;

pub use app::{START, TestApp};
pub use client::{Client, Live};
pub use database::{Database, Kind, run_on};
pub use editor::{Editor, counts, only_refusal, refusals, text};
pub use feed::{Item, atom, rss};
pub use graph::{Answers, Graph, NOON, by, code, feed_url, next};
pub use growing::Growing;
pub use publisher::{Page, Publisher, Seen};
pub use raw::Raw;
pub use wait::{DEADLINE, eventually, within};

/// Makes two tests of one function, `name::sqlite` and `name::postgres`. The function is given a
/// [`Database`] that is empty, migrated and its own.
macro_rules! on_each_database {
    ($( $(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block )+) => {$(
        $(#[$meta])*
        async fn $name($database: $crate::support::Database) $body

        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::run_on($crate::support::Kind::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                $crate::support::run_on($crate::support::Kind::Postgres, super::$name);
            }
        }
    )+};
}

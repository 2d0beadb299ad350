//! Tags. In: stored rows. Out: the contract's `Tag`. Must not know: SQL.

use async_graphql::{Context, Object};
use entity::tag;

use super::error::Result;
use super::page::{self, Connection, Window};
use super::scalar::int;
use super::store;
use crate::store::{EntryFilter, TagPosition};

/// A tag.
#[derive(Clone, Debug)]
pub struct Tag(pub tag::Model);

/// A word that publishers mark entries with.
#[Object]
impl Tag {
    /// As it was first spelled.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// How many entries carry it, of those that the list's filter lets through.
    fn entry_count(&self) -> i32 {
        int(self.0.entry_count)
    }
}

/// A page of tags, most used first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    filter: &EntryFilter,
    window: &Window,
) -> Result<Connection<Tag>> {
    let slice = window.slice("tags")?;
    let store = store(ctx)?;
    let page = store.list_tags(filter, &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_tags(filter).await?)
    } else {
        None
    };
    let position = |tag: &Tag| TagPosition::of(&tag.0);
    Ok(Connection::new(
        "tags",
        page::map(page, Tag),
        position,
        total,
    ))
}

//! Lists of entries, as `entries` and the nouns offer them. In: a filter, an order and a window. Out: a
//! connection. Must not know: whose list it is.

use async_graphql::Context;
use entity::entry;

use super::entry::Entry;
use super::error::Result;
use super::filter::EntryOrder;
use super::gather::{self, Wanted};
use super::page::{self, Connection, Window};
use super::quick::Plan;
use super::{known, store};
use crate::store::{EntryFilter, EntryPosition, Page};

/// A page of entries, with all that is selected of them fetched at once.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn entries(
    ctx: &Context<'_>,
    filter: &EntryFilter,
    order: EntryOrder,
    window: &Window,
) -> Result<Connection<Entry>> {
    let slice = window.slice::<EntryPosition>(order.list())?;
    let store = store(ctx)?;
    let look = ctx.look_ahead();
    let total = if page::wants_total(&look) {
        Some(store.count_entries(filter).await?)
    } else {
        None
    };
    let items = page::items(&look);
    let wanted = Wanted::of(&items);
    let known = items.iter().all(Plan::fits).then_some(known(ctx)?);
    if let Some(known) = known {
        let list = (filter, order.into());
        if let Some(page) = gather::shown(store, known, list, &slice, wanted).await? {
            return Ok(connection(page, order, total));
        }
    }
    let page = store.list_entries(filter, order.into(), &slice).await?;
    let page = Page {
        rows: gather::entries(store, known, page.rows, wanted).await?,
        has_next: page.has_next,
        has_previous: page.has_previous,
    };
    Ok(connection(page, order, total))
}

/// A page of entries in a list inside a list; their parts are fetched when they are asked for, together
/// with those of the other lists beside it.
///
/// # Errors
/// As [`entries`].
pub async fn nested_entries(
    ctx: &Context<'_>,
    filter: &EntryFilter,
    order: EntryOrder,
    window: &Window,
    total: Option<i64>,
) -> Result<Connection<Entry>> {
    let slice = window.slice::<EntryPosition>(order.list())?;
    let page = store(ctx)?
        .list_entries(filter, order.into(), &slice)
        .await?;
    Ok(plain_entries(page, order, total))
}

/// A page of entries whose parts are fetched when they are asked for, together with those of the other
/// lists beside it: for lists inside lists.
#[must_use]
pub fn plain_entries(
    page: Page<entry::Model>,
    order: EntryOrder,
    total: Option<i64>,
) -> Connection<Entry> {
    connection(page::map(page, Entry::from), order, total)
}

fn connection(page: Page<Entry>, order: EntryOrder, total: Option<i64>) -> Connection<Entry> {
    let position = |entry: &Entry| EntryPosition::of(&entry.row, order.into());
    Connection::new(order.list(), page, position, total)
}

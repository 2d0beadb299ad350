//! This server. In: its settings and the change log's reach. Out: the contract's `Server`. Must not
//! know: HTTP.

use async_graphql::{Context, Object};

use super::error::Result;
use super::page;
use super::scalar::{DateTime, int};
use super::{services, store};

/// This server.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// Name, version, limits and capabilities of this server.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "the contract's fields"
)]
#[Object]
impl Server {
    /// What the operator calls it.
    fn name<'a>(&self, ctx: &Context<'a>) -> Result<&'a str> {
        Ok(&services(ctx)?.settings.name)
    }

    /// The version of the program, after semver.org.
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The largest value of first and last.
    fn max_page_size(&self) -> i32 {
        int(i64::from(page::MOST))
    }

    /// How deep a document's selections may be nested.
    fn max_query_depth(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(services(ctx)?
            .settings
            .max_depth
            .try_into()
            .unwrap_or(i32::MAX))
    }

    /// How many rows an operation may ask for, where a page counts its size times what is asked of each item; each
    /// answer tells its price in `extensions.cost`.
    fn max_query_complexity(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(services(ctx)?
            .settings
            .max_complexity
            .try_into()
            .unwrap_or(i32::MAX))
    }

    /// How far back the change log reaches; null while it is empty.
    async fn changes_kept_since(&self, ctx: &Context<'_>) -> Option<Result<DateTime>> {
        kept_since(ctx).await.transpose()
    }
}

async fn kept_since(ctx: &Context<'_>) -> Result<Option<DateTime>> {
    Ok(store(ctx)?.head().await?.kept_since.map(DateTime))
}

//! What a new database begins with. In: the bundled list. Out: its feeds. Must not know: the database.

use entity::SubscriptionFormat;

use crate::parse::subscriptions::{self, Malformed, Subscription};

/// The feeds of the bundled list.
///
/// # Errors
/// Never, as a test shows.
pub fn feeds() -> Result<Vec<Subscription>, Malformed> {
    let read = subscriptions::read(include_str!("feeds.opml"), SubscriptionFormat::Opml)?;
    Ok(read.feeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_is_whole() {
        let feeds = feeds().unwrap();
        assert_eq!(feeds.len(), 26);
        for feed in feeds {
            assert!(feed.url.starts_with("https://"), "{}", feed.url);
            assert!(
                feed.title.is_some() && feed.site_url.is_some(),
                "{}",
                feed.url
            );
            assert_eq!(feed.tags.len(), 1, "{}", feed.url);
        }
    }
}

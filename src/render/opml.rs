//! OPML 2.0 subscription lists. In: a title and feeds. Out: a document that `feedgraph import` and feed
//! readers take. Pure.

use std::fmt::Write as _;

use super::xml::line;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The feed.
    pub feed_url: String,
    /// Its name.
    pub title: String,
    /// Its page.
    pub site_url: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// The end of a document.
pub const FOOT: &str = "  </body>\n</opml>\n";

/// Everything before the first line.
#[must_use]
pub fn head(title: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n    \
         <title>{}</title>\n  </head>\n  <body>\n",
        line(title)
    )
}

/// One line. Tags become the attribute `category`, since a feed stands once and may have several.
#[must_use]
pub fn item(outline: &Outline) -> String {
    let name = line(&outline.title);
    let mut text = format!(
        "    <outline type=\"rss\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{}\"",
        line(&outline.feed_url)
    );
    if let Some(site) = &outline.site_url {
        let _ = write!(text, " htmlUrl=\"{}\"", line(site));
    }
    if !outline.tags.is_empty() {
        let _ = write!(text, " category=\"{}\"", line(&outline.tags.join(",")));
    }
    text + "/>\n"
}

/// Writes a whole list.
#[must_use]
pub fn write(title: &str, outlines: &[Outline]) -> String {
    let items: String = outlines.iter().map(item).collect();
    format!("{}{items}{FOOT}", head(title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::subscriptions::read;
    use entity::SubscriptionFormat;

    #[test]
    fn what_is_written_is_read_again() {
        let outlines = [
            Outline {
                feed_url: "http://a.org/f?x=1&y=<2>".to_owned(),
                title: "\"R&D\"\u{1} für Łukasz".to_owned(),
                site_url: Some("http://a.org/".to_owned()),
                tags: vec!["one".to_owned(), "two words".to_owned()],
            },
            Outline {
                feed_url: "http://b.org/".to_owned(),
                title: "B".to_owned(),
                site_url: None,
                tags: Vec::new(),
            },
        ];
        let read = read(&write("A <list>", &outlines), SubscriptionFormat::Auto).unwrap();
        assert_eq!(read.title.as_deref(), Some("A <list>"));
        assert_eq!(read.problems, []);
        let feeds: Vec<_> = read.feeds.iter().collect();
        assert_eq!(feeds[0].url, "http://a.org/f?x=1&y=<2>");
        assert_eq!(feeds[0].title.as_deref(), Some("\"R&D\" für Łukasz"));
        assert_eq!(feeds[0].site_url.as_deref(), Some("http://a.org/"));
        assert_eq!(feeds[0].tags, ["one", "two words"]);
        assert_eq!(feeds[1].tags, [""; 0]);
    }
}

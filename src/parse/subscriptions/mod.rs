//! Lists of subscriptions. In: the text of an OPML file, of a Planet, Venus or Pluto configuration, or of
//! a list of URLs. Out: the feeds that it names and what could not be read, by line. Pure; must not know:
//! files, networks, or what is followed already.

mod charset;
mod ini;
mod list;
mod opml;
mod planet;

use std::collections::HashMap;

use entity::{SubscriptionFormat, UserErrorCode};
use url::Url;

pub use charset::decode;

/// What a list of subscriptions says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriptions {
    /// How it is written; never [`SubscriptionFormat::Auto`].
    pub format: SubscriptionFormat,
    /// The list's own title, where it has one.
    pub title: Option<String>,
    /// Its feeds in order, each URL once.
    pub feeds: Vec<Subscription>,
    /// What could not be read, in order of lines.
    pub problems: Vec<Problem>,
}

/// One feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Counted from 1.
    pub line: usize,
    /// Absolute http or https URL, as written.
    pub url: String,
    /// The name that the list gives it.
    pub title: Option<String>,
    /// The page that it belongs to.
    pub site_url: Option<String>,
    /// The groups that it is in, outermost first, and the tags it is given.
    pub tags: Vec<String>,
}

/// Something in a list that could not be read; the rest was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What stands there, shortened.
    pub text: String,
    /// What kind of thing is wrong with it.
    pub code: UserErrorCode,
    /// What is wrong with it.
    pub message: String,
}

/// The document is no list of subscriptions at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Reads a list of subscriptions.
///
/// # Errors
/// When nothing in the document can be read as a list of the given format.
pub fn read(document: &str, format: SubscriptionFormat) -> Result<Subscriptions, Malformed> {
    let document = document.trim_start_matches('\u{feff}');
    let mut read = match format {
        SubscriptionFormat::Auto => return read(document, detect(document)),
        SubscriptionFormat::Opml => opml::read(document)?,
        SubscriptionFormat::PlanetIni => planet::read(document)?,
        SubscriptionFormat::UrlList => list::read(document)?,
    };
    read.feeds = without_repeats(read.feeds);
    Ok(read)
}

/// How a document is written, by its first characters: markup is OPML, a line `[section]` an ini file.
fn detect(document: &str) -> SubscriptionFormat {
    let is_section = |line: &str| line.starts_with('[') && line.contains(']');
    if document.trim_start().starts_with('<') {
        SubscriptionFormat::Opml
    } else if document.lines().any(is_section) {
        SubscriptionFormat::PlanetIni
    } else {
        SubscriptionFormat::UrlList
    }
}

/// Each URL once: the first mention stays, later ones add their tags and what it lacks.
fn without_repeats(feeds: Vec<Subscription>) -> Vec<Subscription> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Subscription> = Vec::new();
    for feed in feeds {
        let place = *places.entry(feed.url.clone()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(first) => {
                first.title = first.title.take().or(feed.title);
                first.site_url = first.site_url.take().or(feed.site_url);
                add_tags(&mut first.tags, feed.tags);
            }
            None => kept.push(feed),
        }
    }
    kept
}

fn add_tags(tags: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for tag in more {
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
}

/// A feed's address as written, when it is an absolute http or https URL; `feed:` before it is dropped.
fn feed_url(written: &str) -> Result<String, String> {
    let written = written.trim();
    let address = match written.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => written.to_owned(),
    };
    match Url::parse(&address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(address),
        _ => Err(format!(
            "\"{}\" is not an absolute http or https URL",
            shorten(written)
        )),
    }
}

/// Text with its white space collapsed; none when nothing is left.
fn plain(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Enough of a line to find it again.
fn shorten(text: &str) -> String {
    const MOST: usize = 100;
    let text = text.trim();
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(document: &str) -> SubscriptionFormat {
        detect(document)
    }

    #[test]
    fn the_format_is_told_from_the_first_characters() {
        assert_eq!(format_of("\n <opml/>"), SubscriptionFormat::Opml);
        assert_eq!(
            format_of("# c\n[http://a/]\nname = x"),
            SubscriptionFormat::PlanetIni
        );
        assert_eq!(
            format_of("# feeds\nhttp://a/feed"),
            SubscriptionFormat::UrlList
        );
    }

    #[test]
    fn a_feed_in_two_groups_is_one_feed_with_two_tags() {
        let document = r#"<opml version="2.0"><body>
            <outline text="A"><outline text="n" xmlUrl="http://a/f"/></outline>
            <outline text="B"><outline text="m" xmlUrl="http://a/f"/></outline></body></opml>"#;
        let read = read(document, SubscriptionFormat::Auto).unwrap();
        assert_eq!(read.feeds.len(), 1);
        assert_eq!(read.feeds[0].title.as_deref(), Some("n"));
        assert_eq!(read.feeds[0].tags, ["A", "B"]);
    }

    #[test]
    fn only_web_addresses_are_feeds() {
        assert_eq!(feed_url("feed://a.org/f").unwrap(), "http://a.org/f");
        assert_eq!(feed_url("feed:https://a.org/f").unwrap(), "https://a.org/f");
        for wrong in ["a.org/f", "file:///etc/passwd", "", "http://", "vfolder"] {
            assert!(feed_url(wrong).is_err(), "{wrong}");
        }
    }
}

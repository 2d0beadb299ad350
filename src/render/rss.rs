//! RSS 2.0 after the RSS Advisory Board's best practices, with archives (RFC 5005). In: a head and entries. Out: the
//! pieces of a document. Pure.

use std::fmt::Write as _;

use super::feed::{Head, Item, uri};
use super::when::rfc822;
use super::xml::{element, line, text};

/// The end of a document.
pub const FOOT: &str = "</channel>\n</rss>\n";

/// How much of each entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// All of it.
    Full,
    /// Its title, link and place in time.
    Titles,
}

/// Everything before the first entry.
#[must_use]
pub fn head(head: &Head) -> String {
    let mut to = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
         xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:fh=\"http://purl.org/syndication/history/1.0\">\n<channel>\n",
    );
    element(&mut to, "  ", "title", &head.title);
    element(&mut to, "  ", "link", head.home.as_str());
    let description = head.description.as_deref().unwrap_or(&head.title);
    element(&mut to, "  ", "description", description);
    let links = [
        ("self", Some(&head.this)),
        ("current", head.current.as_ref()),
        ("prev-archive", head.previous.as_ref()),
        ("next-archive", head.next.as_ref()),
    ];
    for (rel, url) in links {
        let Some(url) = url else { continue };
        let _ = writeln!(
            to,
            "  <atom:link rel=\"{rel}\" type=\"application/rss+xml\" href=\"{}\"/>",
            line(url.as_str())
        );
    }
    element(&mut to, "  ", "lastBuildDate", &rfc822(head.updated));
    let generator = concat!("Feedgraph ", env!("CARGO_PKG_VERSION"));
    element(&mut to, "  ", "generator", generator);
    if head.current.is_some() {
        to.push_str("  <fh:archive/>\n");
    }
    to
}

/// One entry.
#[must_use]
pub fn item(item: &Item, style: Style) -> String {
    let mut to = String::from("  <item>\n");
    let title = match style {
        Style::Full => item.title.clone(),
        Style::Titles => item.title_or_else(),
    };
    if !line(&title).trim().is_empty() {
        element(&mut to, "    ", "title", &title);
    }
    let _ = writeln!(
        to,
        "    <guid isPermaLink=\"false\">{}</guid>",
        line(&item.id)
    );
    if let Some(url) = item.url.as_deref().and_then(uri) {
        element(&mut to, "    ", "link", &url);
    }
    element(&mut to, "    ", "pubDate", &rfc822(item.published));
    for author in &item.authors {
        element(&mut to, "    ", "dc:creator", &author.name);
    }
    if style == Style::Full {
        full(&mut to, item);
    }
    if let Some(origin) = &item.origin
        && let Some(url) = uri(&origin.feed_url)
    {
        let _ = writeln!(
            to,
            "    <source url=\"{}\">{}</source>",
            line(&url),
            line(&origin.title)
        );
    }
    to.push_str("  </item>\n");
    to
}

fn full(to: &mut String, item: &Item) {
    // An item must have a title or a description.
    let _ = writeln!(to, "    <description>{}</description>", text(&item.summary));
    if let Some(html) = &item.html {
        let _ = writeln!(to, "    <content:encoded>{}</content:encoded>", text(html));
    }
    for tag in item.tags.iter().filter(|tag| !line(tag).trim().is_empty()) {
        element(to, "    ", "category", tag);
    }
    if let Some(url) = item.comments.as_deref().and_then(uri) {
        element(to, "    ", "comments", &url);
    }
    // Readers take one enclosure, and the board says to write no more than one; Atom has them all.
    let files = item.files.iter();
    let mut files = files.filter_map(|file| Some((file, uri(&file.url)?)));
    if let Some((file, url)) = files.next() {
        let _ = writeln!(
            to,
            "    <enclosure url=\"{}\" length=\"{}\" type=\"{}\"/>",
            line(&url),
            file.bytes.unwrap_or(0).max(0),
            line(file.media_type())
        );
    }
}

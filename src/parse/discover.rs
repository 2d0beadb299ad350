//! Which feeds a page offers. In: the page and its address. Out: addresses, best first. Pure. Must not know:
//! whether they answer.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::decode;

/// A page longer than this is cut before it is read, in bytes: what it offers stands at its top.
const LONGEST: usize = 2 * 1024 * 1024;
/// More feeds than this are not offered.
const MOST: usize = 30;

/// A feed that a page offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLink {
    /// Where it is.
    pub url: Url,
    /// What the page calls it.
    pub title: Option<String>,
    /// Media type, as the page says.
    pub mime_type: Option<String>,
}

/// The feeds that a page offers, best first: what it declares (`link rel=alternate`), then links that look
/// like feeds. Feeds of comments come last.
#[must_use]
pub fn discover(html: &[u8], content_type: Option<&str>, page_url: &Url) -> Vec<FeedLink> {
    let page = page(html, content_type);
    let base = base_of(&page, page_url);
    let mut found: Vec<(bool, FeedLink)> = Vec::new();
    for link in declared(&page, &base)
        .into_iter()
        .chain(linked(&page, &base))
    {
        if found.len() < MOST && !found.iter().any(|(_, other)| other.url == link.url) {
            found.push((of_comments(&link), link));
        }
    }
    found.sort_by_key(|(comments, _)| *comments);
    found.into_iter().map(|(_, link)| link).collect()
}

/// Where sites without a declaration tend to keep their feed, likeliest first.
#[must_use]
pub fn well_known_paths(site: &Url) -> Vec<Url> {
    let mut folder = site.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    let root = folder.join("/").unwrap_or_else(|_| folder.clone());
    let names = [
        "feed/",
        "feed.xml",
        "rss.xml",
        "atom.xml",
        "index.xml",
        "feed.json",
        "rss",
    ];
    let mut urls: Vec<Url> = Vec::new();
    for place in [folder.join("./").unwrap_or_else(|_| root.clone()), root] {
        for url in names.iter().filter_map(|name| place.join(name).ok()) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    urls
}

/// A page, read as far as it is looked at.
pub(super) fn page(html: &[u8], content_type: Option<&str>) -> Html {
    let decoded = decode::decode(html.get(..LONGEST).unwrap_or(html), content_type);
    Html::parse_document(&decoded.text)
}

pub(super) fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector)
        .map_or_else(|_| Vec::new(), |selector| page.select(&selector).collect())
}

pub(super) fn base_of(page: &Html, page_url: &Url) -> Url {
    select(page, "base[href]")
        .first()
        .and_then(|base| base.value().attr("href"))
        .and_then(|href| page_url.join(href.trim()).ok())
        .unwrap_or_else(|| page_url.clone())
}

fn declared(page: &Html, base: &Url) -> Vec<FeedLink> {
    select(page, "link[href]")
        .into_iter()
        .filter(|link| {
            let rel = attribute(*link, "rel").to_ascii_lowercase();
            let mime_type = attribute(*link, "type");
            let mut words = rel.split_ascii_whitespace();
            words.clone().any(|word| word == "alternate") && is_feed_type(&mime_type)
                || words.any(|word| word == "feed")
        })
        .filter_map(|link| feed_link(link, base))
        .collect()
}

fn linked(page: &Html, base: &Url) -> Vec<FeedLink> {
    let offers: Vec<FeedLink> = select(page, "a[href]")
        .into_iter()
        .filter(|link| is_feed_type(&attribute(*link, "type")) || looks_like_feed(*link))
        .filter_map(|link| feed_link(link, base))
        .collect();
    let (same, other): (Vec<_>, Vec<_>) = offers
        .into_iter()
        .partition(|link| link.url.host_str() == base.host_str());
    same.into_iter().chain(other).collect()
}

fn looks_like_feed(link: ElementRef<'_>) -> bool {
    let href = attribute(link, "href").to_ascii_lowercase();
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let ends = [
        ".rss", ".rdf", ".atom", "/feed", "/feed/", "/rss", "/rss/", "/atom", "/atom/",
    ];
    let names = [
        "rss.xml",
        "atom.xml",
        "feed.xml",
        "index.xml",
        "index.rdf",
        "feed.json",
        "feeds.xml",
    ];
    let by_path = ends.iter().chain(&names).any(|end| path.ends_with(end));
    let says = link.text().collect::<String>().to_lowercase();
    let by_text = matches!(
        says.trim(),
        "rss" | "atom" | "rss feed" | "atom feed" | "xml" | "rdf"
    ) && [".xml", "rss", "feed", "atom", "rdf"]
        .iter()
        .any(|part| href.contains(part));
    by_path || by_text
}

fn is_feed_type(mime_type: &str) -> bool {
    let essence = mime_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "application/rss+xml"
            | "application/atom+xml"
            | "application/rdf+xml"
            | "application/feed+json"
            | "application/json"
            | "text/xml"
            | "application/xml"
            | "application/x.atom+xml"
            | "application/x-atom+xml"
            | "application/rss"
            | "application/atom"
            | "text/rss+xml"
            | "text/rss"
    )
}

fn feed_link(link: ElementRef<'_>, base: &Url) -> Option<FeedLink> {
    let href = attribute(link, "href");
    let href = href.trim();
    let href = href.strip_prefix("feed://").map_or_else(
        || href.strip_prefix("feed:").unwrap_or(href).to_owned(),
        |rest| format!("http://{rest}"),
    );
    let url = base
        .join(&href)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let title = Some(
        attribute(link, "title")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    );
    Some(FeedLink {
        url,
        title: title.filter(|title| !title.is_empty()),
        mime_type: Some(attribute(link, "type")).filter(|mime_type| !mime_type.is_empty()),
    })
}

fn of_comments(link: &FeedLink) -> bool {
    let title = link.title.as_deref().unwrap_or_default().to_lowercase();
    title.contains("comment") || link.url.path().contains("/comments/")
}

pub(super) fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.value().attr(name).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(html: &str) -> Vec<String> {
        let page = Url::parse("https://example.org/blog/").unwrap();
        discover(html.as_bytes(), None, &page)
            .into_iter()
            .map(|link| link.url.to_string())
            .collect()
    }

    #[test]
    fn declared_feeds_come_before_links_and_comments_last() {
        let html = "<link rel=alternate type=application/rss+xml title='Comments' href=comments/feed>\
            <link rel='alternate home' type=application/atom+xml href=/atom.xml><a href=extra.rss>RSS</a>";
        assert_eq!(
            urls(html),
            [
                "https://example.org/atom.xml",
                "https://example.org/blog/extra.rss",
                "https://example.org/blog/comments/feed"
            ]
        );
    }

    #[test]
    fn base_feed_scheme_and_repeats() {
        let html = "<base href='//cdn.example.net/'><link rel=feed href=a.xml>\
            <link rel=ALTERNATE TYPE=application/feed+json href='feed://x.org/b.json'><a href=a.xml type=text/xml>x</a>";
        assert_eq!(
            urls(html),
            ["https://cdn.example.net/a.xml", "http://x.org/b.json"]
        );
    }

    #[test]
    fn an_alternate_page_or_another_scheme_is_no_feed() {
        assert!(urls("<link rel=alternate hreflang=de href=/de/><link rel=alternate type=text/xml href=javascript:x>").is_empty());
    }

    #[test]
    fn well_known_paths_try_the_folder_then_the_root() {
        let paths = well_known_paths(&Url::parse("https://example.org/blog/?x=1").unwrap());
        assert_eq!(
            paths.first().unwrap().as_str(),
            "https://example.org/blog/feed/"
        );
        assert!(
            paths
                .iter()
                .any(|url| url.as_str() == "https://example.org/feed.xml")
        );
    }
}

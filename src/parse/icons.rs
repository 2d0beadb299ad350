//! Which icons a page has. In: the page and its address. Out: addresses, best first. Pure. Must not know: whether they
//! answer.

use scraper::ElementRef;
use url::Url;

use super::discover::{attribute, base_of, page, select};

/// The size, in pixels, that icons beside titles are shown at, or twice that on fine screens.
const WANTED: i64 = 64;
/// Bytes of a page that are looked at.
const LONGEST_HEAD: usize = 256 * 1024;
/// More icons than this are not looked at.
const MOST: usize = 5;

/// The icons that a page declares (`link rel=icon`), those of a fitting size first. Drawings (SVG) are left out: they
/// are documents, which may hold scripts.
#[must_use]
pub fn icons(html: &[u8], content_type: Option<&str>, page_url: &Url) -> Vec<Url> {
    // Icons are declared in the head; what comes after it is not worth its cost.
    let page = page(html.get(..LONGEST_HEAD).unwrap_or(html), content_type);
    let base = base_of(&page, page_url);
    let mut found: Vec<(i64, Url)> = select(&page, "link[rel][href]")
        .into_iter()
        .filter_map(|link| Some((distance(link)?, link)))
        .filter_map(|(distance, link)| {
            let url = base.join(attribute(link, "href").trim()).ok()?;
            let is_web = matches!(url.scheme(), "http" | "https");
            let is_drawing = url.path().to_ascii_lowercase().ends_with(".svg");
            (is_web && !is_drawing).then_some((distance, url))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    let mut urls: Vec<Url> = Vec::new();
    for (_, url) in found {
        if urls.len() < MOST && !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// How far a link is from what is wanted; none when it is no icon.
fn distance(link: ElementRef<'_>) -> Option<i64> {
    let rel = attribute(link, "rel").to_ascii_lowercase();
    let has = |word: &str| rel.split_ascii_whitespace().any(|one| one == word);
    if attribute(link, "type").to_ascii_lowercase().contains("svg") {
        return None;
    }
    // Touch icons are usually large, and with a background of their own.
    let usual = match (
        has("icon"),
        has("apple-touch-icon") || has("apple-touch-icon-precomposed"),
    ) {
        (true, _) => 32,
        (_, true) => 180,
        _ => return None,
    };
    let sizes = attribute(link, "sizes").to_ascii_lowercase();
    let declared = sizes
        .split_ascii_whitespace()
        .filter_map(|size| size.split_once('x')?.0.parse::<i64>().ok())
        .map(off)
        .min();
    Some(declared.unwrap_or_else(|| off(usual)))
}

/// Too small is worse than too large.
const fn off(size: i64) -> i64 {
    if size < WANTED {
        (WANTED - size).saturating_mul(4)
    } else {
        size - WANTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(head: &str) -> Vec<String> {
        let url = Url::parse("https://blog.example/posts/").unwrap();
        let html = format!("<html><head>{head}</head><body></body></html>");
        let icons = icons(html.as_bytes(), Some("text/html; charset=utf-8"), &url);
        icons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn icons_of_a_fitting_size_come_first() {
        assert_eq!(
            found(
                "<link rel='shortcut icon' href=/favicon.ico>\
                 <link rel=icon sizes='16x16 96x96' href=96.png>\
                 <link rel=apple-touch-icon href=//cdn.example/touch.png>\
                 <link rel=ICON sizes=512x512 href=/512.png>\
                 <link rel=icon sizes=96x96 href=96.png>"
            ),
            [
                "https://blog.example/posts/96.png",
                "https://cdn.example/touch.png",
                "https://blog.example/favicon.ico",
                "https://blog.example/512.png",
            ]
        );
    }

    #[test]
    fn drawings_and_what_is_no_icon_are_left_out() {
        let none: [&str; 0] = [];
        assert_eq!(
            found(
                "<link rel=icon type=image/svg+xml href=/a><link rel=icon href=/b.svg>\
                 <link rel=mask-icon href=/c.png><link rel=stylesheet href=/d.css>\
                 <link rel=icon href='data:image/png;base64,AAAA'>"
            ),
            none
        );
    }

    #[test]
    fn addresses_are_resolved_against_the_base_of_the_page() {
        let head = "<base href='https://static.example/x/'><link rel=icon href=i.png>";
        assert_eq!(found(head), ["https://static.example/x/i.png"]);
    }
}

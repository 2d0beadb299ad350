//! Atom 1.0 (RFC 4287) with archives (RFC 5005). In: a head and entries. Out: the pieces of a document. Pure.

use std::fmt::Write as _;

use super::feed::{File, Head, Item, Origin, Person, language, uri};
use super::when::rfc3339;
use super::xml::{element, line, text};

/// The end of a document.
pub const FOOT: &str = "</feed>\n";

/// Everything before the first entry.
#[must_use]
pub fn head(head: &Head) -> String {
    let mut to = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xmlns:fh=\"http://purl.org/syndication/history/1.0\">\n",
    );
    element(&mut to, "  ", "id", &head.id);
    element(&mut to, "  ", "title", &head.title);
    if let Some(description) = &head.description {
        element(&mut to, "  ", "subtitle", description);
    }
    element(&mut to, "  ", "updated", &rfc3339(head.updated));
    person(&mut to, "  ", &head.owner, None);
    let links = [
        ("self", Some(&head.this)),
        ("alternate", Some(&head.home)),
        ("current", head.current.as_ref()),
        ("prev-archive", head.previous.as_ref()),
        ("next-archive", head.next.as_ref()),
    ];
    for (rel, url) in links {
        if let Some(url) = url {
            link(&mut to, "  ", rel, url.as_str());
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(
        to,
        "  <generator version=\"{version}\">Feedgraph</generator>"
    );
    if head.current.is_some() {
        to.push_str("  <fh:archive/>\n");
    }
    to
}

/// One entry.
#[must_use]
pub fn item(item: &Item) -> String {
    let mut to = String::from("  <entry");
    if let Some(language) = item.language.as_deref().and_then(language) {
        let _ = write!(to, " xml:lang=\"{}\"", line(language));
    }
    to.push_str(">\n");
    element(&mut to, "    ", "id", &item.id);
    element(&mut to, "    ", "title", &item.title);
    element(&mut to, "    ", "published", &rfc3339(item.published));
    element(&mut to, "    ", "updated", &rfc3339(item.updated));
    for Person { name, url } in &item.authors {
        person(&mut to, "    ", name, url.as_deref());
    }
    if let Some(url) = item.url.as_deref().and_then(uri) {
        link(&mut to, "    ", "alternate", &url);
    }
    if let Some(url) = item.comments.as_deref().and_then(uri) {
        link(&mut to, "    ", "replies", &url);
    }
    for file in &item.files {
        enclosure(&mut to, file);
    }
    for tag in item.tags.iter().filter(|tag| !line(tag).trim().is_empty()) {
        let _ = writeln!(to, "    <category term=\"{}\"/>", line(tag));
    }
    body(&mut to, item);
    if let Some(origin) = &item.origin {
        source(&mut to, origin);
    }
    to.push_str("  </entry>\n");
    to
}

/// The content; without any the summary stands for it, and an entry without either has empty content, which
/// an entry without an alternate page must have (section 4.1.1).
fn body(to: &mut String, item: &Item) {
    match &item.html {
        Some(html) => {
            if !item.summary.trim().is_empty() {
                element(to, "    ", "summary", &item.summary);
            }
            let _ = writeln!(to, "    <content type=\"html\">{}</content>", text(html));
        }
        None => element(to, "    ", "content", &item.summary),
    }
}

fn enclosure(to: &mut String, file: &File) {
    let Some(url) = uri(&file.url) else { return };
    let _ = write!(
        to,
        "    <link rel=\"enclosure\" type=\"{}\" href=\"{}\"",
        line(file.media_type()),
        line(&url)
    );
    if let Some(bytes) = file.bytes.filter(|bytes| *bytes >= 0) {
        let _ = write!(to, " length=\"{bytes}\"");
    }
    if let Some(title) = &file.title {
        let _ = write!(to, " title=\"{}\"", line(title));
    }
    to.push_str("/>\n");
}

/// The feed that the entry comes from (section 4.2.11).
fn source(to: &mut String, origin: &Origin) {
    to.push_str("    <source>\n");
    if let Some(url) = uri(&origin.feed_url) {
        element(to, "      ", "id", &url);
        link(to, "      ", "self", &url);
    }
    element(to, "      ", "title", &origin.title);
    element(to, "      ", "updated", &rfc3339(origin.updated));
    if let Some(url) = origin.site_url.as_deref().and_then(uri) {
        link(to, "      ", "alternate", &url);
    }
    to.push_str("    </source>\n");
}

fn person(to: &mut String, indent: &str, name: &str, url: Option<&str>) {
    let name = line(name);
    // A person must have a name (section 3.2.1).
    let name = if name.trim().is_empty() {
        "Unknown"
    } else {
        &name
    };
    let _ = write!(to, "{indent}<author><name>{name}</name>");
    if let Some(url) = url.and_then(uri) {
        let _ = write!(to, "<uri>{}</uri>", line(&url));
    }
    to.push_str("</author>\n");
}

fn link(to: &mut String, indent: &str, rel: &str, url: &str) {
    let media_type = match rel {
        "self" | "current" | "prev-archive" | "next-archive" => " type=\"application/atom+xml\"",
        _ => "",
    };
    let media_type = if indent.len() == 2 { media_type } else { "" };
    let _ = writeln!(
        to,
        "{indent}<link rel=\"{rel}\"{media_type} href=\"{}\"/>",
        line(url)
    );
}

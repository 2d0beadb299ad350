//! Texts: titles, abstracts, contents, in the ways that formats mark how they are written. In: an element. Out: a
//! [`RawText`]. Must not know: which field it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scan::Element;
use super::space::Space;
use crate::parse::document::{RawText, TextKind};

/// A text of RSS, which does not say how it is written; tags outside CDATA are markup that was not escaped.
pub(super) fn unsaid(element: &Element<'_>) -> Option<RawText> {
    let (value, kind) = if element.has_markup() {
        (element.markup(false), TextKind::Html)
    } else {
        (element.text(), TextKind::Unsaid)
    };
    text(element, value, kind)
}

/// A text of Atom (RFC 4287, section 3.1 and 4.1.3; `mode` is Atom 0.3).
pub(super) fn atom(element: &Element<'_>) -> Option<RawText> {
    let said = element
        .attribute("type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let mode = element
        .attribute("mode")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let packed = mode == "base64" || is_binary(&said);
    if let Some(value) = packed.then(|| decoded(&element.text())).flatten() {
        let kind = if said.contains("html") {
            TextKind::Html
        } else {
            TextKind::Plain
        };
        return text(element, value, kind);
    }
    let markup = element.has_markup();
    let as_markup =
        mode == "xml" || said == "xhtml" || said.ends_with("+xml") || said.ends_with("/xml");
    if markup && mode != "escaped" {
        let html = if said == "html" || said == "text/html" {
            element.markup(false)
        } else {
            element.markup(true)
        };
        return text(element, html, TextKind::Html);
    }
    let kind = match said.as_str() {
        "html" | "text/html" => TextKind::Html,
        _ if as_markup && said.contains("html") => TextKind::Html,
        "" if mode == "escaped" => TextKind::Unsaid,
        _ => TextKind::Plain,
    };
    text(element, element.text(), kind)
}

/// Other media types hold Base64 (RFC 4287, section 4.1.3.3).
fn is_binary(said: &str) -> bool {
    said.contains('/')
        && !said.starts_with("text/")
        && !said.ends_with("xml")
        && !said.contains("html")
}

fn decoded(text: &str) -> Option<String> {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    String::from_utf8(STANDARD.decode(packed).ok()?).ok()
}

fn text(element: &Element<'_>, value: String, kind: TextKind) -> Option<RawText> {
    if value.trim().is_empty() {
        return None;
    }
    Some(RawText {
        value,
        kind,
        base: element.base(),
        language: element.language(),
    })
}

/// The first of the texts in `content:items`, the older form of the content module of RSS 1.0.
pub(super) fn items(element: &Element<'_>) -> Option<RawText> {
    let item = element.child("Bag")?.child("li")?.child("item")?;
    unsaid(&item.child("value")?)
}

/// The inside of an element of the XHTML vocabulary, such as `xhtml:body`.
pub(super) fn xhtml(element: &Element<'_>) -> Option<RawText> {
    (element.space == Space::Xhtml)
        .then(|| text(element, element.markup(true), TextKind::Html))
        .flatten()
}

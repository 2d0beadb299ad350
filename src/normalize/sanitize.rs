//! HTML that is safe to show, by an allow-list. In: HTML as published. Out: clean HTML, its links not yet absolute. Must
//! not know: feeds. Links, trackers and frames are left to [`super::finish`], so that one policy serves all.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::markup::{self, Piece};
use super::{finish, tame};

/// Elements nested deeper than this lose their tags: a tree builder's cost grows with depth.
const DEEPEST: usize = 120;
/// A tag with more text in it than this is left out: nobody writes such by hand.
const LONGEST_TAG: usize = 64 * 1024;
/// A longer text without a tag in it gets places where lines may be broken, in bytes.
pub(super) const LONGEST_RUN: usize = 8 * 1024;
/// A tag with more attributes than this is left out.
const MOST_ATTRIBUTES: usize = 100;

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "iframe",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// Elements that go with all that is in them.
const SILENT: &[&str] = &[
    "script", "style", "template", "noscript", "form", "select", "textarea", "button", "object",
    "applet", "svg", "math", "title", "head",
];

const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang"]),
    ("audio", &["src"]),
    ("blockquote", &["cite"]),
    ("code", &["class"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    (
        "iframe",
        &["src", "width", "height", "allowfullscreen", "title"],
    ),
    // The last pass looks at the style, to find trackers, and takes it out.
    (
        "img",
        &["src", "srcset", "sizes", "alt", "width", "height", "style"],
    ),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("q", &["cite"]),
    ("source", &["src", "srcset", "sizes", "type", "media"]),
    ("td", &["colspan", "rowspan", "align"]),
    ("th", &["colspan", "rowspan", "scope", "align"]),
    ("time", &["datetime"]),
    ("track", &["src", "kind", "srclang", "label"]),
    ("video", &["src", "poster", "width", "height"]),
];

/// Attributes that every element keeps.
const GENERIC: &[&str] = &["lang", "dir", "title"];

/// What links say of where they lead.
pub(super) const REL: &str = "nofollow noopener noreferrer";

static POLICY: LazyLock<Builder<'static>> = LazyLock::new(policy);

/// Cleans HTML; relative links pass as they stand.
pub(super) fn clean(html: &str) -> String {
    tame::clean(html).unwrap_or_else(|| clean_by_tree(html))
}

/// The same by building a tree, whatever the HTML is like.
pub(super) fn clean_by_tree(html: &str) -> String {
    POLICY.clean(&cap_nesting(html)).to_string()
}

/// Whether an element keeps an attribute.
pub(super) fn is_allowed(tag: &str, name: &str) -> bool {
    let mut own = ATTRIBUTES.iter().filter(|(of, _)| *of == tag);
    GENERIC.contains(&name) || own.any(|(_, names)| names.contains(&name))
}

fn policy() -> Builder<'static> {
    let attributes: HashMap<&str, HashSet<&str>> = ATTRIBUTES
        .iter()
        .map(|(tag, names)| (*tag, names.iter().copied().collect()))
        .collect();
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(SILENT.iter().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(GENERIC.iter().copied().collect())
        .url_schemes(finish::SCHEMES.iter().copied().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some(REL))
        .set_tag_attribute_value("img", "loading", "lazy")
        .attribute_filter(|tag, name, value| filter((tag, name), value));
    builder
}

/// What becomes of one allowed attribute.
pub(super) fn filter<'a>(at: (&str, &str), value: &'a str) -> Option<Cow<'a, str>> {
    let stays = match at {
        ("code", "class") => value.starts_with("language-"),
        (_, "width" | "height") => {
            let number = value.trim().trim_end_matches("px");
            number.parse::<u16>().is_ok()
        }
        _ => true,
    };
    stays.then_some(Cow::Borrowed(value))
}

/// Text in runs of bounded length: the writer of html5ever 0.40 looks through the rest of a text for each `&` and each sign of
/// Latin-1 in it, so that its time grows with the square of the length.
fn push_text(out: &mut String, text: &str) {
    if text.len() <= LONGEST_RUN {
        out.push_str(text);
        return;
    }
    let mut run = 0;
    for c in text.chars() {
        let full = (run >= LONGEST_RUN && c.is_ascii_whitespace()) || run >= 2 * LONGEST_RUN;
        if full {
            out.push_str("<wbr>");
            run = 0;
        }
        if c == '<' {
            out.push_str("&lt;");
        } else {
            out.push(c);
        }
        run += c.len_utf8();
    }
}

/// Whether a text between two tags is longer than [`LONGEST_RUN`].
fn has_long_run(html: &str) -> bool {
    html.len() > LONGEST_RUN
        && html
            .split(['<', '>'])
            .any(|between| between.len() > LONGEST_RUN)
}

/// HTML without the tags that nest too deep or are out of all measure; untouched when there are none.
fn cap_nesting(html: &str) -> Cow<'_, str> {
    if !is_extreme(html) && !has_long_run(html) {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut depth = 0_usize;
    let mut dropped = 0_usize;
    for piece in markup::pieces(html) {
        match piece {
            Piece::Text(text) => push_text(&mut out, text),
            Piece::Start { tag, attributes } => {
                let nests = !markup::is_void(tag) && !closes_itself(tag);
                if is_huge(attributes) || (nests && depth >= DEEPEST) {
                    dropped += usize::from(nests && depth >= DEEPEST);
                } else {
                    depth += usize::from(nests);
                    out.push('<');
                    out.push_str(tag);
                    out.push_str(attributes);
                    out.push('>');
                }
            }
            Piece::End { tag } if dropped > 0 && !closes_itself(tag) => dropped -= 1,
            Piece::End { tag } => {
                depth = depth.saturating_sub(usize::from(!closes_itself(tag)));
                out.push_str("</");
                out.push_str(tag);
                out.push('>');
            }
        }
    }
    Cow::Owned(out)
}

/// A cheap look for what [`cap_nesting`] is for. Tags that HTML closes by itself do not count.
fn is_extreme(html: &str) -> bool {
    let mut depth = 0_usize;
    markup::rough_tags(html).any(|tag| {
        let (tag, closes) = match tag.strip_prefix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let length = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, attributes) = tag.split_at_checked(length).unwrap_or((tag, ""));
        if closes {
            depth = depth.saturating_sub(usize::from(!closes_itself(name)));
            return false;
        }
        depth += usize::from(!markup::is_void(name) && !closes_itself(name));
        depth > DEEPEST || is_huge(attributes)
    })
}

fn closes_itself(tag: &str) -> bool {
    ["p", "li", "dt", "dd", "tr", "td", "th", "option", "tbody"]
        .iter()
        .any(|name| tag.eq_ignore_ascii_case(name))
}

/// Whether a tag with these attributes is out of all measure.
pub(super) fn is_huge(attributes: &str) -> bool {
    attributes.len() > LONGEST_TAG
        || (attributes.len() > 2 * MOST_ATTRIBUTES
            && markup::attributes(attributes)
                .nth(MOST_ATTRIBUTES)
                .is_some())
}

#[cfg(test)]
#[path = "sanitize_tests.rs"]
mod tests;

//! What of an entry a reader would call the same. In: a draft. Out: hashes. Two drafts with one meaning differ in
//! noise only: white space, markup that shows nothing, tracking, signatures, counters, relative times. Must not
//! know: what is stored.

use std::collections::BTreeSet;

use entity::Millis;

use super::draft::EntryDraft;
use super::link::{canonical, hash16, hash16_of};
use super::markup::{self, Piece};
use super::{noise, quiet_link, text};
use crate::parse::reference::unescape_html;

/// A text with fewer letters than this is told by its title besides.
const LONG_TEXT: usize = 200;
/// One with fewer letters than this tells nothing.
const SHORT_TEXT: usize = 20;

/// Hash of what a reader would call the same; neither identifier nor link nor dates are in it.
#[must_use]
pub fn meaning(draft: &EntryDraft) -> [u8; 16] {
    let raw = &draft.content.raw;
    let made = draft.content.made.get();
    let html = raw
        .content_html
        .as_deref()
        .or_else(|| made.and_then(|made| made.html.as_deref()));
    let (content, shown) = html.map(digest).unwrap_or_default();
    let (summary, _) = raw.summary_html.as_deref().map(digest).unwrap_or_default();
    let tags: BTreeSet<String> = draft.tags.iter().map(|tag| text::fold(tag)).collect();
    let files: BTreeSet<String> = draft
        .enclosures
        .iter()
        .map(|file| quiet_link::media(&file.url))
        .collect();
    let authors: Vec<String> = draft
        .authors
        .iter()
        .map(|author| text::fold(&author.name))
        .collect();
    let media = |url: &Option<String>| url.as_deref().map(quiet_link::media).unwrap_or_default();
    let title = noise::quiet(&draft.title);
    hash16(&[
        if title.is_empty() {
            &draft.title
        } else {
            &title
        },
        &content,
        &shown,
        &summary,
        &joined(tags),
        &joined(files),
        &authors.join("\n"),
        &media(&draft.image_url),
        &media(&draft.comments_url),
    ])
}

/// Meaning and link together: what tells one version of an entry from another.
#[must_use]
pub fn version(meaning: &[u8], url_key: Option<&[u8]>) -> [u8; 16] {
    hash16_of(&[b"version", meaning, url_key.unwrap_or_default()])
}

/// Hash of the text alone, to find it in other sources; none when it is too short to tell. Sanitises the content.
#[must_use]
pub fn text_key(draft: &EntryDraft) -> Option<[u8; 16]> {
    let content = draft.content.get();
    let body = letters(content.text.as_deref().unwrap_or(&content.summary));
    let length = body.chars().take(LONG_TEXT).count();
    let title = letters(&draft.title);
    if length >= LONG_TEXT {
        Some(hash16(&["text", &body]))
    } else if length >= SHORT_TEXT && !title.is_empty() {
        Some(hash16(&["titled", &title, &body]))
    } else {
        None
    }
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

/// The newest time that the publisher claims for the entry; none is believed that is later than `seen`.
#[must_use]
pub fn claimed(draft: &EntryDraft, seen: Millis) -> Option<Millis> {
    let believed = |date: Option<Millis>| date.filter(|date| *date <= seen);
    believed(draft.dates.updated).max(believed(draft.dates.published))
}

/// The path of an entry's page, without the host: what stays when a site moves. None for a site's front page.
#[must_use]
pub fn page_path(url: &str) -> Option<String> {
    let canonical = canonical(url, false);
    let rest = canonical.strip_prefix("//")?;
    let (_, path) = rest.split_once('/')?;
    (!path.is_empty()).then(|| path.to_owned())
}

fn joined(texts: BTreeSet<String>) -> String {
    texts.into_iter().collect::<Vec<_>>().join("\n")
}

/// The text of HTML, block by block, and beside it what it shows besides text: links, pictures, emphasis.
fn digest(html: &str) -> (String, String) {
    let mut digest = Digest::default();
    for piece in markup::pieces(html) {
        match piece {
            Piece::Text(text) => digest.text(text),
            Piece::Start { tag, attributes } => digest.start(&tag.to_ascii_lowercase(), attributes),
            Piece::End { tag } => digest.end(&tag.to_ascii_lowercase()),
        }
    }
    digest.flush();
    (digest.text, digest.shown)
}

#[derive(Default)]
struct Digest {
    text: String,
    shown: String,
    block: String,
    /// The element that counts something, and how many of its name are open.
    counter: Option<(String, usize)>,
}

impl Digest {
    fn text(&mut self, raw: &str) {
        let text = unescape_html(raw);
        if self.counter.is_some() {
            self.block.push_str(&noise::counter(&text));
        } else {
            self.block.push_str(&text);
        }
    }

    fn start(&mut self, tag: &str, attributes: &str) {
        if is_edge(tag) {
            self.flush();
        }
        if let Some((name, open)) = &mut self.counter {
            *open += usize::from(name == tag);
        } else if !attributes.is_empty() && !markup::is_void(tag) && counts(attributes) {
            self.block.push(noise::EDGE);
            self.counter = Some((tag.to_owned(), 1));
        }
        if matches!(tag, "time" | "small") {
            self.block.push(noise::EDGE);
        }
        if let Some(mark) = emphasis(tag) {
            self.show(mark);
        }
        match tag {
            "a" => self.link(attributes),
            "img" => self.picture(attributes),
            "iframe" | "video" | "audio" | "source" | "embed" => {
                if let Some(src) = attribute(attributes, "src") {
                    self.show(&quiet_link::media(&src));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) {
        if is_edge(tag) {
            self.flush();
        }
        if matches!(tag, "time" | "small") {
            self.block.push(noise::EDGE);
        }
        if let Some((name, open)) = &mut self.counter
            && name == tag
        {
            *open -= 1;
            if *open == 0 {
                self.counter = None;
                self.block.push(noise::EDGE);
            }
        }
    }

    fn link(&mut self, attributes: &str) {
        if let Some(href) = attribute(attributes, "href")
            && let Some(quiet) = quiet_link::page(&href)
        {
            self.show(&quiet);
        }
    }

    fn picture(&mut self, attributes: &str) {
        let Some(src) = attribute(attributes, "src") else {
            return;
        };
        let tiny = |name| {
            attribute(attributes, name)
                .is_some_and(|size| matches!(&*size, "0" | "1" | "0px" | "1px"))
        };
        let hidden = attribute(attributes, "style").is_some_and(|style| {
            let style: String = style.split_whitespace().collect();
            style.contains("display:none")
                || style.contains("width:1px")
                || style.contains("height:1px")
        });
        if tiny("width") || tiny("height") || hidden || quiet_link::counts_readers(&src) {
            return;
        }
        self.show(&quiet_link::media(&src));
        if let Some(alt) = attribute(attributes, "alt") {
            self.show(&text::collapse(&alt));
        }
    }

    fn show(&mut self, what: &str) {
        self.shown.push_str(what);
        self.shown.push('\n');
    }

    fn flush(&mut self) {
        let quiet = noise::quiet(&self.block);
        self.block.clear();
        if !quiet.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(&quiet);
        }
    }
}

fn is_edge(tag: &str) -> bool {
    markup::is_block(tag) || matches!(tag, "td" | "th")
}

/// Emphasis that a reader sees, under one name for each kind.
fn emphasis(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "b" | "strong" => "strong",
        "i" | "em" | "cite" => "em",
        "code" | "tt" | "kbd" | "samp" => "code",
        "s" | "strike" | "del" => "del",
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "heading",
        "blockquote" => "quote",
        "pre" => "pre",
        "li" => "item",
        "sub" => "sub",
        "sup" => "sup",
        _ => return None,
    })
}

fn counts(attributes: &str) -> bool {
    ["class", "id"]
        .into_iter()
        .filter_map(|name| attribute(attributes, name))
        .any(|value| noise::is_counter_name(&value))
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    markup::attributes(attributes)
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| unescape_html(value))
}

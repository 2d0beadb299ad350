//! The last pass over sanitised HTML: links made absolute, trackers and foreign frames out, and the text and first picture
//! that are in it. In: HTML from the sanitiser, so well-formed. Out: HTML and what it says. Must not know: feeds.

use std::borrow::Cow;

use url::{Position, Url};

use super::markup::{self, Piece};
use super::{embed, fingerprint, link, text};
use crate::parse::reference::unescape_html;

/// Where links in a content may lead.
pub(super) const SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "xmpp", "gemini", "magnet"];

/// What is left of a content, and what it says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Finished {
    /// The HTML.
    pub html: String,
    /// Its text: paragraphs with a blank line between, list items with a dash.
    pub text: String,
    /// Address of its first picture.
    pub first_image: Option<String>,
}

/// Finishes sanitised HTML. What stays relative without a base is taken out.
pub(super) fn finish(clean: &str, base: Option<&Url>) -> Finished {
    let base = &Base::new(base);
    let mut finished = Finished {
        html: String::with_capacity(clean.len()),
        ..Finished::default()
    };
    let mut text = TextWriter::default();
    let mut in_dropped_frame = false;
    for piece in markup::pieces(clean) {
        match piece {
            Piece::Text(_) if in_dropped_frame => {}
            Piece::Text(raw) => {
                finished.html.push_str(raw);
                text.write(&unescape_html(raw));
            }
            Piece::Start {
                tag: "img",
                attributes,
            } => keep_picture(attributes, base, &mut finished),
            Piece::Start {
                tag: "iframe",
                attributes,
            } => match frame(attributes, base) {
                Some(src) => push_frame(attributes, &src, &mut finished.html),
                None => in_dropped_frame = true,
            },
            Piece::Start { tag, attributes } => {
                push_tag(&mut finished.html, tag, attributes, base);
                text.start(tag);
            }
            Piece::End { tag: "iframe" } if in_dropped_frame => in_dropped_frame = false,
            Piece::End { tag } => {
                finished.html.extend(["</", tag, ">"]);
                text.end(tag);
            }
        }
    }
    text.out.trim_end().clone_into(&mut finished.text);
    finished
}

/// A start tag with its links made absolute; links that lead nowhere are left out.
fn push_tag(html: &mut String, tag: &str, attributes: &str, base: &Base<'_>) {
    html.extend(["<", tag]);
    if attributes.contains("href=")
        || attributes.contains("src")
        || attributes.contains("cite=")
        || attributes.contains("poster=")
        || attributes.contains("style=")
    {
        for (name, value) in markup::attributes(attributes) {
            if let Some(value) = linked((tag, name), value, base) {
                html.extend([" ", name, "=\"", &value, "\""]);
            }
        }
    } else {
        html.push_str(attributes);
    }
    if matches!(tag, "audio" | "video") {
        html.push_str(" controls=\"\" preload=\"none\"");
    }
    html.push('>');
}

/// What stands in place of an attribute's value, escaped as it is; none to leave it out.
fn linked<'a>(at: (&str, &str), value: &'a str, base: &Base<'_>) -> Option<Cow<'a, str>> {
    if matches!(at.1, "href" | "src" | "cite" | "poster")
        && let Some(url) = base.plain(value)
    {
        return Some(url);
    }
    let of_web = |href: &str| {
        let url = link::absolute(base.url, href)?;
        matches!(url.scheme(), "http" | "https").then(|| String::from(url))
    };
    let url = match at {
        ("a", "href") => {
            let url = link::absolute(base.url, &unescape_html(value))?;
            SCHEMES.contains(&url.scheme()).then(|| String::from(url))?
        }
        (_, "href" | "src" | "cite" | "poster") => of_web(&unescape_html(value))?,
        (_, "style") => return None,
        (_, "srcset") => sources(&unescape_html(value), of_web)?,
        _ => return Some(Cow::Borrowed(value)),
    };
    Some(Cow::Owned(text::escape(&url).replace('"', "&quot;")))
}

/// What links are relative to, taken apart once for all of a content.
struct Base<'a> {
    url: Option<&'a Url>,
    /// Up to the path, without a slash at the end.
    origin: Option<&'a str>,
    /// Up to the last slash of the path.
    folder: Option<&'a str>,
}

impl<'a> Base<'a> {
    fn new(url: Option<&'a Url>) -> Self {
        let of_web = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let parts = of_web.and_then(|url| {
            let origin = &url[..Position::BeforePath];
            let path = url.as_str().get(..origin.len() + url.path().len())?;
            Some((origin, path.get(..=path.rfind('/')?)?))
        });
        Self {
            url,
            origin: parts.map(|(origin, _)| origin),
            folder: parts.map(|(_, folder)| folder),
        }
    }

    /// An address that needs no parsing, since the sanitiser has read it as one and nothing in it would be written
    /// otherwise; none where that is not sure.
    fn plain<'v>(&self, value: &'v str) -> Option<Cow<'v, str>> {
        let ordinary = |rest: &str| {
            !rest.contains("..")
                && !rest.contains("/./")
                && rest.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || b"-._~/?#&;=%+@,!()".contains(&byte)
                })
        };
        let absolute = value
            .strip_prefix("https://")
            .or_else(|| value.strip_prefix("http://"));
        if let Some(rest) = absolute {
            let named = rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains('/');
            return (named && ordinary(rest)).then_some(Cow::Borrowed(value));
        }
        if !ordinary(value) || value.starts_with("//") {
            return None;
        }
        let before = if value.starts_with('/') {
            self.origin?
        } else {
            let begins = value.starts_with(|c: char| c.is_ascii_alphanumeric());
            self.folder.filter(|_| begins)?
        };
        Some(Cow::Owned(format!("{}{value}", text::escape(before))))
    }
}

/// Each address of a `srcset` made absolute.
fn sources(value: &str, of_web: impl Fn(&str) -> Option<String>) -> Option<String> {
    let sources: Vec<String> = value
        .split(", ")
        .filter_map(|source| {
            let mut words = source.trim().trim_end_matches(',').split_ascii_whitespace();
            let url = of_web(words.next()?)?.replace(',', "%2C");
            Some(
                words
                    .next()
                    .map_or_else(|| url.clone(), |size| format!("{url} {size}")),
            )
        })
        .collect();
    (!sources.is_empty()).then(|| sources.join(", "))
}

fn keep_picture(attributes: &str, base: &Base<'_>, finished: &mut Finished) {
    let value = |name| attribute(attributes, name);
    let tiny = |name| value(name).is_some_and(embed::is_tiny);
    let hidden = value("style").is_some_and(embed::is_hidden);
    let src = value("src").and_then(|src| linked(("img", "src"), src, base));
    let shown = src.is_some() || value("srcset").is_some();
    let tracks = src.as_deref().is_some_and(embed::is_tracker);
    if !shown || tracks || hidden || tiny("width") || tiny("height") {
        return;
    }
    push_tag(&mut finished.html, "img", attributes, base);
    if finished.first_image.is_none() {
        finished.first_image = src.map(|src| unescape_html(&src).into_owned());
    }
}

/// The address of a frame that stays.
fn frame(attributes: &str, base: &Base<'_>) -> Option<String> {
    let src = attribute(attributes, "src").map(unescape_html)?;
    embed::player(&src, base.url)
}

fn push_frame(attributes: &str, src: &str, html: &mut String) {
    html.push_str("<iframe");
    for (name, value) in markup::attributes(attributes) {
        let escaped = text::escape(src).replace('"', "&quot;");
        let value = if name == "src" { &escaped } else { value };
        html.extend([" ", name, "=\"", value, "\""]);
    }
    html.push_str(embed::FRAME);
    html.push('>');
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    markup::attributes(attributes)
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// Puts text together so that it reads well.
#[derive(Default)]
struct TextWriter {
    out: String,
    /// Line ends owed before the next word.
    breaks: usize,
    space: bool,
    preformatted: usize,
}

impl TextWriter {
    fn write(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.pay();
            self.out.push_str(text);
            return;
        }
        if !text::has_odd_sign(text) {
            self.write_narrow(text);
            return;
        }
        for (index, word) in text.split(char::is_whitespace).enumerate() {
            self.space |= index > 0;
            if !word.is_empty() {
                self.pay();
                self.out.push_str(word);
            }
        }
    }

    /// The same, faster: what has single spaces in it goes as it stands.
    fn write_narrow(&mut self, text: &str) {
        self.space |= text.starts_with(|c: char| c.is_ascii_whitespace());
        let trimmed = text.trim_ascii();
        if !trimmed.is_empty() {
            self.pay();
            fingerprint::collapsed(trimmed, |part| self.out.push_str(part));
            self.space = text.ends_with(|c: char| c.is_ascii_whitespace());
        }
    }

    fn pay(&mut self) {
        if self.out.is_empty() || self.out.ends_with("- ") {
        } else if self.breaks > 0 {
            let written = self.out.trim_end_matches([' ', '\n']).len();
            self.out.truncate(written);
            self.out.extend(std::iter::repeat_n('\n', self.breaks));
        } else if self.space {
            self.out.push(' ');
        }
        self.breaks = 0;
        self.space = false;
    }

    fn start(&mut self, tag: &str) {
        self.owe(tag);
        match tag {
            "pre" => self.preformatted += 1,
            "li" => {
                self.pay();
                self.out.push_str("- ");
            }
            "td" | "th" => self.space = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) {
        self.owe(tag);
        if tag == "pre" {
            self.preformatted = self.preformatted.saturating_sub(1);
        }
    }

    fn owe(&mut self, tag: &str) {
        let breaks = match tag {
            "br" => (self.breaks + 1).min(2),
            "li" | "tr" | "dt" | "dd" | "figcaption" | "caption" => 1,
            _ if markup::is_block(tag) => 2,
            _ => return,
        };
        self.breaks = self.breaks.max(breaks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_well() {
        let html = "<h1>Title</h1><p>One\n <b>two</b> three.<br>Four</p><ul><li>a</li><li>b &amp; c</li></ul><pre>x\n  y</pre>end";
        assert_eq!(
            finish(html, None).text,
            "Title\n\nOne two three.\nFour\n\n- a\n- b & c\n\nx\n  y\n\nend"
        );
    }

    #[test]
    fn trackers_go_and_pictures_stay() {
        let html = "<p>x<img src=\"https://e.org/1.gif\" width=\"1\" height=\"1\"><img src=\"https://pixel.wp.com/b.gif\">\
            <img src=\"https://e.org/a.png?a=1&amp;b=2\" loading=\"lazy\"></p>";
        let finished = finish(html, None);
        assert_eq!(
            finished.html,
            "<p>x<img src=\"https://e.org/a.png?a=1&amp;b=2\" loading=\"lazy\"></p>"
        );
        assert_eq!(
            finished.first_image.as_deref(),
            Some("https://e.org/a.png?a=1&b=2")
        );
    }

    #[test]
    fn frames_of_players_stay_over_tls() {
        let html = "a<iframe src=\"http://www.youtube.com/embed/x?a=1&amp;b=2\" width=\"5\"></iframe>b\
            <iframe src=\"https://evil.example/youtube.com\">no</iframe>c<iframe src=\"https://notyoutube.com/\"></iframe>";
        assert_eq!(
            finish(html, None).html,
            format!(
                "a<iframe src=\"https://www.youtube.com/embed/x?a=1&amp;b=2\" width=\"5\"{}></iframe>bc",
                embed::FRAME
            )
        );
    }
}

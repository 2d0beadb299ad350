//! HTML as a row of pieces, for the passes that need no tree. In: HTML, however broken. Out: texts, tags. Linear
//! in time. Must not know: what the tags mean to a sanitiser.

use memchr::memchr;

/// Longest text in which tags are looked for that are none, in bytes: titles and short summaries.
const LONGEST_SPOKEN: usize = 2_000;

/// A piece of HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text, references not undone.
    Text(&'a str),
    /// A start tag: its name as written, and what stands between the name and `>`.
    Start {
        /// Name.
        tag: &'a str,
        /// Attributes, raw.
        attributes: &'a str,
    },
    /// An end tag.
    End {
        /// Name.
        tag: &'a str,
    },
}

/// Cuts HTML into pieces. Comments, declarations and the insides of scripts and styles are left out.
pub(super) fn pieces(html: &str) -> Pieces<'_> {
    Pieces { rest: html }
}

/// See [`pieces`].
pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let text = text_length(self.rest);
            if text > 0 {
                let (text, rest) = self.rest.split_at(text);
                self.rest = rest;
                return Some(Piece::Text(text));
            }
            if let Some(piece) = self.tag() {
                return Some(piece);
            }
        }
    }
}

/// Bytes up to the next `<` that begins a tag, comment or declaration.
fn text_length(html: &str) -> usize {
    let mut from = 0;
    while let Some(at) = html.get(from..).and_then(|rest| rest.find('<')) {
        let at = from + at;
        let next = html.as_bytes().get(at + 1).copied().unwrap_or(b' ');
        if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?') {
            return at;
        }
        from = at + 1;
    }
    html.len()
}

impl<'a> Pieces<'a> {
    /// Takes what begins with `<`; none when it is to be left out.
    fn tag(&mut self) -> Option<Piece<'a>> {
        let inner = self.rest.get(1..).unwrap_or_default();
        if let Some(comment) = inner.strip_prefix("!--") {
            self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            return None;
        }
        if let Some(section) = inner.strip_prefix("![CDATA[") {
            let (text, rest) = section.split_once("]]>").unwrap_or((section, ""));
            self.rest = rest;
            return Some(Piece::Text(text));
        }
        let length = tag_length(inner);
        let (inside, rest) = inner.split_at(length);
        let says_much = inside.trim_end().contains([' ', '\n']) && is_known(split_name(inside).0);
        if rest.is_empty() && !inside.contains('=') && !says_much {
            // A sign, not a tag.
            return Some(Piece::Text(std::mem::take(&mut self.rest)));
        }
        self.rest = rest.strip_prefix('>').unwrap_or(rest);
        if let Some(name) = inside.strip_prefix('/') {
            let (tag, _) = split_name(name);
            return Some(Piece::End { tag });
        }
        if inside.starts_with(['!', '?']) {
            return None;
        }
        let (tag, attributes) = split_name(inside);
        if is_silent(tag) {
            self.skip_silent(tag);
            return None;
        }
        Some(Piece::Start { tag, attributes })
    }

    fn skip_silent(&mut self, tag: &str) {
        let mut rest = self.rest;
        while let Some((_, after)) = rest.split_once("</") {
            let named = after
                .get(..tag.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(tag));
            if named {
                self.rest = after.split_once('>').map_or("", |(_, rest)| rest);
                return;
            }
            rest = after;
        }
        // It is never closed: nothing after it is shown, as in a browser.
        self.rest = "";
    }
}

/// Bytes up to the `>` that ends a tag, over quoted attribute values.
fn tag_length(inner: &str) -> usize {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in inner.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            None if byte == b'>' => return at,
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            Some(_) | None => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    // The quote never closes: the first `>` has to do.
    inner.find('>').unwrap_or(inner.len())
}

/// Start and end tags found by their brackets alone, without looking at quotes: fast, and good enough to be careful by. Each
/// is what stands between `<` and the next `>`, or the end.
pub(super) fn rough_tags(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let at = memchr(b'<', rest.as_bytes())?;
            rest = rest.get(at + 1..)?;
            let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
            if begins(rest) || rest.strip_prefix('/').is_some_and(begins) {
                let length = memchr(b'>', rest.as_bytes()).unwrap_or(rest.len());
                let (tag, after) = rest.split_at_checked(length)?;
                rest = after;
                return Some(tag);
            }
        }
    })
}

/// Whether a start tag that HTML does not have is used as one nowhere: what a text about `Vec<String>` or `<class 'int'>` forgot to
/// escape.
pub(super) fn is_spoken_of(tag: &str, attributes: &str, html: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ',' | '\'');
    let is_closed = || {
        let mut pieces = pieces(html);
        pieces
            .any(|piece| matches!(piece, Piece::End { tag: end } if end.eq_ignore_ascii_case(tag)))
    };
    html.len() <= LONGEST_SPOKEN
        && tag.chars().all(is_word)
        && !attributes.contains(['=', '/'])
        && !is_closed()
}

fn split_name(inside: &str) -> (&str, &str) {
    let end = inside
        .find(|c: char| c.is_ascii_whitespace() || c == '/')
        .unwrap_or(inside.len());
    inside.split_at(end)
}

/// Attributes of a start tag: names as written, values with references not undone.
pub(super) fn attributes(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .get(1..)
            .and_then(|tail| tail.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')))
            .map_or(rest.len(), |at| at + 1);
        let (name, after) = rest.split_at_checked(end)?;
        let trimmed = after.trim_start();
        let Some(value) = trimmed.strip_prefix('=') else {
            rest = after;
            return Some((name, ""));
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = value.get(1..).unwrap_or_default();
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            _ => value.split_at(
                value
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        rest = after;
        Some((name, value))
    })
}

/// Elements whose inside is never shown.
fn is_silent(tag: &str) -> bool {
    ["script", "style", "template", "noscript", "iframe-content"]
        .iter()
        .any(|name| tag.eq_ignore_ascii_case(name))
}

/// Elements that begin a line of their own.
pub(super) fn is_block(tag: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
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
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    ];
    BLOCKS.iter().any(|name| tag.eq_ignore_ascii_case(name))
}

/// Elements without an end tag.
pub(super) fn is_void(tag: &str) -> bool {
    const VOIDS: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    ];
    VOIDS.iter().any(|name| tag.eq_ignore_ascii_case(name))
}

/// Whether a text of unknown kind is meant as HTML: it has a known tag or a character reference in it.
pub(super) fn looks_like_html(text: &str) -> bool {
    let reference = text.split('&').skip(1).any(|after| {
        let name = after
            .split(';')
            .next()
            .filter(|name| name.len() < after.len())
            .unwrap_or_default();
        let numeric = name
            .strip_prefix('#')
            .is_some_and(|number| !number.is_empty() && number.len() < 8);
        numeric
            || ((2..=8).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    });
    reference
        || pieces(text).any(|piece| match piece {
            Piece::Text(_) => false,
            Piece::Start { tag, .. } | Piece::End { tag } => is_known(tag),
        })
}

/// Elements of HTML that publishers use in texts.
pub(super) fn is_known(tag: &str) -> bool {
    const INLINE: &[&str] = &[
        "a", "abbr", "acronym", "audio", "b", "big", "cite", "code", "del", "dfn", "em", "embed",
        "font", "form", "i", "iframe", "img", "input", "ins", "kbd", "mark", "object", "picture",
        "q", "s", "samp", "script", "small", "source", "span", "strike", "strong", "style", "sub",
        "sup", "svg", "td", "th", "time", "tt", "u", "var", "video", "wbr", "html", "body", "head",
        "tbody", "thead", "meta", "link", "base", "template", "noscript", "select", "option",
        "textarea", "button", "label", "fieldset", "legend", "math", "canvas", "map", "applet",
        "nobr", "blink", "marquee", "col", "colgroup", "tfoot", "ruby", "rb", "rt", "rp", "bdi",
        "bdo",
    ];
    is_block(tag) || INLINE.iter().any(|name| tag.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_broken_html() {
        let html = "a < b<p class='x>y'>c<!-- no --><script>if (a</b) {}</script>d</p>";
        let found: Vec<_> = pieces(html).collect();
        assert_eq!(
            found,
            [
                Piece::Text("a < b"),
                Piece::Start {
                    tag: "p",
                    attributes: " class='x>y'"
                },
                Piece::Text("c"),
                Piece::Text("d"),
                Piece::End { tag: "p" },
            ]
        );
    }

    #[test]
    fn attributes_with_and_without_quotes() {
        let found: Vec<_> = attributes(" a=1 b='2 3' checked c = \"4\" /").collect();
        assert_eq!(
            found,
            [("a", "1"), ("b", "2 3"), ("checked", ""), ("c", "4")]
        );
    }

    #[test]
    fn what_looks_like_html() {
        for text in ["<p>x", "x<br/>y", "caf&eacute;", "&#8217;", "</i>"] {
            assert!(looks_like_html(text), "{text}");
        }
        for text in [
            "a < b",
            "R&D",
            "Vec<String>",
            "x & y; z",
            "<jane@example.org>",
        ] {
            assert!(!looks_like_html(text), "{text}");
        }
    }
}

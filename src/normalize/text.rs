//! Plain text out of published text. In: titles, names, abstracts. Out: clean, collapsed, bounded text. Must not
//! know: which field it is for.

use std::borrow::Cow;

use memchr::{memchr3_iter, memmem};

use super::fingerprint;
use super::markup::{self, Piece};
use crate::parse::reference::{allowed, has_forbidden, unescape_html};
use crate::parse::{RawText, TextKind};

/// Names and titles longer than this are cut, in characters.
const LONGEST_TITLE: usize = 1_000;

/// U+1680 in UTF-8.
const OGHAM_SPACE: &[u8] = b"\xe1\x9a\x80";
/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Tags that HTML does not have of which it is found out whether they are closed; each costs a look through the text.
const MOST_LOOKS: u32 = 8;

/// Folds text for sorting, searching and telling names apart: lower-case, trimmed, white space collapsed.
#[must_use]
pub fn fold(text: &str) -> String {
    collapse(text).to_lowercase()
}

/// Text on one line: white space collapsed and trimmed, control characters left out.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if !has_odd_sign(text) && !has_forbidden(text) {
        fingerprint::collapsed(text.trim_ascii(), |part| out.push_str(part));
        return out;
    }
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let begin = out.len();
        let seen = word.chars().filter(|c| !is_invisible(*c));
        out.extend(seen.filter_map(allowed));
        if out.len() == begin {
            out.truncate(before);
        }
    }
    out
}

/// Whether a text holds white space that is not ASCII's, or a mark that nobody sees.
pub(super) fn has_odd_sign(text: &str) -> bool {
    let bytes = text.as_bytes();
    let wide =
        memchr3_iter(0xc2, 0xe2, 0xe3, bytes).any(|at| match bytes.get(at..).unwrap_or_default() {
            [0xc2, 0x85 | 0xa0, ..]
            | [0xe2, 0x81, 0x9f | 0xa6..=0xa9, ..]
            | [0xe3, 0x80, 0x80, ..] => true,
            [0xe2, 0x80, last, ..] => matches!(last, 0x80..=0x8b | 0xa8..=0xaf),
            _ => false,
        });
    wide || [OGHAM_SPACE, BYTE_ORDER_MARK]
        .iter()
        .any(|sign| memmem::find(bytes, sign).is_some())
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Marks that nobody sees, or that change the direction of what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A title as plain text, whatever its publisher says of how it is written.
pub(super) fn title(raw: &RawText) -> String {
    cut(&collapse(&decoded_once(&plain(raw))), LONGEST_TITLE)
}

/// Undoes a second encoding: UTF-8 whose bytes were taken for Latin-1 characters and encoded again.
pub(super) fn decoded_once(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    let decoded = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A text without markup. What is declared plain is left as it stands, unless it has references in it, or elements that
/// are closed: then it is HTML that was declared wrongly. A tag on its own is one that the text speaks of.
pub(super) fn plain(raw: &RawText) -> Cow<'_, str> {
    let is_plain = || !markup::looks_like_html(&raw.value) || !is_balanced(&raw.value);
    match raw.kind {
        TextKind::Plain if is_plain() => Cow::Borrowed(&raw.value),
        TextKind::Plain => Cow::Owned(strip_once(&raw.value)),
        TextKind::Html | TextKind::Unsaid => Cow::Owned(strip(&raw.value)),
    }
}

/// HTML without its tags, references undone; twice where the first pass uncovers references or elements that are closed:
/// then the text was escaped once too often. A tag on its own is one that the text speaks of.
pub(super) fn strip(html: &str) -> String {
    let once = strip_once(html);
    if markup::looks_like_html(&once) && is_balanced(&once) {
        return strip_once(&once);
    }
    once
}

/// Whether every element in a text is closed.
fn is_balanced(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for piece in markup::pieces(html) {
        match piece {
            Piece::Start { tag, attributes }
                if !markup::is_void(tag) && !attributes.ends_with('/') =>
            {
                open.push(tag);
            }
            Piece::End { tag } => match open.pop() {
                Some(last) if last.eq_ignore_ascii_case(tag) => {}
                _ => return false,
            },
            _ => {}
        }
    }
    open.is_empty()
}

fn strip_once(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut looks = MOST_LOOKS;
    for piece in markup::pieces(html) {
        match piece {
            Piece::Text(text) => out.push_str(&unescape_html(text)),
            Piece::Start { tag, .. } | Piece::End { tag } if markup::is_block(tag) => out.push(' '),
            Piece::Start { tag, attributes } if looks > 0 && !markup::is_known(tag) => {
                looks -= 1;
                if markup::is_spoken_of(tag, attributes, html) {
                    out.extend(["<", tag, attributes, ">"]);
                }
            }
            _ => {}
        }
    }
    out
}

/// Plain text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// At most `longest` characters, cut at a word where one ends in the second half, with an ellipsis.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(longest.saturating_sub(1)).collect();
    let whole = head
        .rfind(char::is_whitespace)
        .filter(|at| *at > head.len() / 2)
        .and_then(|at| head.get(..at))
        .unwrap_or(&head);
    format!(
        "{}…",
        whole.trim_end_matches([' ', ',', ';', ':', '-', '–'])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title_of(value: &str, kind: TextKind) -> String {
        title(&RawText::new(value, kind))
    }

    #[test]
    fn titles_lose_markup_references_and_noise() {
        for (value, expected) in [
            ("  A\n\tB  ", "A B"),
            ("AT&amp;T &lt;3", "AT&T <3"),
            ("<b>Bold</b> &amp;amp; <i>it</i>", "Bold & it"),
            ("&lt;em&gt;twice&lt;/em&gt;", "twice"),
            ("a < b and c > d", "a < b and c > d"),
            ("x<script>alert(1)</script>y", "xy"),
            ("one<br/>two", "one two"),
            ("Vec&lt;int&gt; explained", "Vec<int> explained"),
            ("Vec<String> explained", "Vec<String> explained"),
            ("it is a &lt;class 'int'&gt;", "it is a <class 'int'>"),
            ("<x>unknown</x> <o:p> <y z=1>", "unknown"),
            ("if a <c and d", "if a <c and d"),
            ("cut off <a hr", "cut off"),
            ("FranÃ§ois", "François"),
            ("Zoë à Ç", "Zoë à Ç"),
            ("nul\u{0}bell\u{7}", "nulbell"),
            ("a \u{93}quote\u{94}\u{81}", "a “quote”"),
        ] {
            assert_eq!(title_of(value, TextKind::Unsaid), expected, "{value:?}");
        }
    }

    #[test]
    fn plain_titles_keep_their_signs() {
        for (value, expected) in [
            ("the <b> element", "the <b> element"),
            ("a < b && c > d", "a < b && c > d"),
            ("AT&amp;T &#8217;s", "AT&T ’s"),
            ("<i>wrongly</i> declared", "wrongly declared"),
        ] {
            assert_eq!(title_of(value, TextKind::Plain), expected);
        }
    }

    #[test]
    fn white_space_is_collapsed_whatever_the_text() {
        for (text, expected) in [
            ("  a \r\n\tb  “c” – d…  ", "a b “c” – d…"),
            ("a\u{a0}\u{2003}b\u{3000}c\u{b}d", "a b c d"),
            ("a\u{200b}b \u{feff} c\u{85}d\u{2028}e", "ab c d e"),
            ("日本\u{3000}語 x\u{1680}y", "日本 語 x y"),
        ] {
            assert_eq!(collapse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cutting_is_at_a_word() {
        assert_eq!(cut("one two three", 9), "one two…");
        assert_eq!(cut("one two", 7), "one two");
        assert_eq!(cut(&"x".repeat(20), 5), "xxxx…");
    }

    #[test]
    fn folding() {
        assert_eq!(fold("  Ünï \n CODE "), "ünï code");
    }
}

//! Character references. In: text with `&…;` in it. Out: the text that is meant. Must not know: markup around it.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::{memchr, memchr3_iter};

/// Names longer than this are not looked up, in bytes.
const LONGEST_NAME: usize = 32;

/// Undoes XML escaping, and HTML's names too, since feeds use them undeclared. What is no reference stays.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    decode(text, false)
}

/// Undoes HTML escaping, with the names that HTML reads without a semicolon.
pub(crate) fn unescape_html(text: &str) -> Cow<'_, str> {
    decode(text, true)
}

/// As [`unescape`], behind what is in `out`; gives how often XML was broken: by names that it does not know, and by
/// ampersands that begin no reference.
pub(crate) fn unescape_into(text: &str, out: &mut String) -> i32 {
    append(text, false, out)
}

fn decode(text: &str, html: bool) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    append(text, html, &mut out);
    Cow::Owned(out)
}

fn append(text: &str, html: bool, out: &mut String) -> i32 {
    let mut wrong = 0;
    let mut rest = text;
    while let Some((before, after)) = split_at_ampersand(rest) {
        out.push_str(before);
        rest = reference(after, html, out, &mut wrong);
    }
    out.push_str(rest);
    wrong
}

fn split_at_ampersand(text: &str) -> Option<(&str, &str)> {
    let at = memchr(b'&', text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Appends what the reference after an ampersand means, or the ampersand; gives what follows.
fn reference<'a>(rest: &'a str, html: bool, out: &mut String, wrong: &mut i32) -> &'a str {
    if let Some(after) = everyday(rest, out) {
        return after;
    }
    let found = if let Some(number) = rest.strip_prefix('#') {
        numeric(number, out)
    } else {
        *wrong = wrong.saturating_add(1);
        named(rest, html, out)
    };
    found.unwrap_or_else(|| {
        out.push('&');
        rest
    })
}

/// The five names of XML, which are nearly all that there is.
fn everyday<'a>(rest: &'a str, out: &mut String) -> Option<&'a str> {
    const NAMES: [(&str, char); 5] = [
        ("lt;", '<'),
        ("gt;", '>'),
        ("amp;", '&'),
        ("quot;", '"'),
        ("apos;", '\''),
    ];
    let (name, c) = NAMES.iter().find(|(name, _)| rest.starts_with(name))?;
    out.push(*c);
    rest.get(name.len()..)
}

fn numeric<'a>(text: &'a str, out: &mut String) -> Option<&'a str> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let length = digits
        .bytes()
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    let (number, rest) = digits.split_at(length);
    if number.is_empty() {
        return None;
    }
    if let Ok(code) = u32::from_str_radix(number, radix) {
        out.extend(character(code));
    }
    Some(rest.strip_prefix(';').unwrap_or(rest))
}

/// The character of a number, as [`allowed`].
fn character(code: u32) -> Option<char> {
    char::from_u32(code).and_then(allowed)
}

/// A character as it may be in a text: the C1 range is read as windows-1252, as in HTML. None for what may not be in one.
pub(crate) fn allowed(c: char) -> Option<char> {
    let c1 = u32::from(c)
        .checked_sub(0x80)
        .and_then(|index| usize::try_from(index).ok())
        .and_then(|index| C1_REPLACEMENTS.get(index).copied().flatten());
    c1.or(Some(c)).filter(|c| !is_forbidden(*c))
}

fn named<'a>(text: &'a str, html: bool, out: &mut String) -> Option<&'a str> {
    let length = text
        .bytes()
        .take(LONGEST_NAME)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let (_, rest) = text.split_at(length);
    let closed = rest.strip_prefix(';').filter(|_| {
        text.get(..=length)
            .is_some_and(|name| push_named(name, out))
    });
    if closed.is_some() {
        return closed;
    }
    if !html {
        return None;
    }
    (2..=length).rev().find_map(|length| {
        let (name, after) = text.split_at_checked(length)?;
        push_named(name, out).then_some(after)
    })
}

/// Appends what a reference means that stands for text in every reading of HTML; `name` is what stands between `&` and `;`.
/// None where it means nothing, or something that may not stand in a text.
pub(crate) fn push_exact(name: &str, out: &mut String) -> Option<()> {
    let begin = out.len();
    let is_known = match name.strip_prefix('#') {
        Some(number) => numeric(number, out) == Some(""),
        None => push_named(&format!("{name};"), out),
    };
    let meant = out.get(begin..)?;
    (is_known && !meant.is_empty() && meant.chars().all(|c| c >= ' ')).then_some(())
}

fn push_named(name: &str, out: &mut String) -> bool {
    let Some((first, second)) = NAMED_ENTITIES
        .get(name)
        .copied()
        .filter(|(first, _)| *first != 0)
    else {
        return false;
    };
    out.extend(char::from_u32(first));
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    true
}

/// Characters that XML 1.0 (section 2.2) forbids, and that no store should be given.
pub(crate) fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
        && c != '\u{85}'
}

/// How many control characters are in a text that XML forbids. Written so that many bytes are looked at in one step.
pub(crate) fn count_forbidden(text: &str) -> usize {
    let not = |byte: u8, other: u8| u8::from(byte != other);
    let is =
        |byte: u8| u8::from(byte < 0x20) & not(byte, b'\t') & not(byte, b'\n') & not(byte, b'\r');
    let of = |chunk: &[u8]| {
        let count = chunk
            .iter()
            .fold(0_u8, |count, byte| count.wrapping_add(is(*byte)));
        usize::from(count)
    };
    text.as_bytes().chunks(255).map(of).sum()
}

/// Whether a text holds any forbidden character; at the speed of memory where it does not.
pub(crate) fn has_forbidden(text: &str) -> bool {
    let bytes = text.as_bytes();
    count_forbidden(text) > 0
        || memchr3_iter(0x7f, 0xc2, 0xef, bytes).any(|at| {
            match bytes.get(at..).unwrap_or_default() {
                [0x7f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => true,
                [0xc2, next, ..] => *next < 0xa0 && *next != 0x85,
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (text, expected) in [
            ("a &amp; b &lt;c&gt; &quot;&apos;", "a & b <c> \"'"),
            ("&nbsp;&eacute;&hellip;&NotEqualTilde;", "\u{a0}é…≂̸"),
            ("&#65;&#x42;&#146;", "AB’"),
            ("AT&T & co &unknown; &", "AT&T & co &unknown; &"),
            ("&amp;amp;", "&amp;"),
            ("&#0;&#8;&#xD800;&#xFFFFFFF;x&#;&#x;", "x&#;&#x;"),
        ] {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    #[test]
    fn html_reads_some_names_without_semicolon() {
        assert_eq!(unescape_html("&copy 2024 &notit; &ampx"), "© 2024 ¬it; &x");
        assert_eq!(unescape("a?b=1&copy=2"), "a?b=1&copy=2");
    }
}

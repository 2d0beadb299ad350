//! Character references. In: text with `&…;` in it. Out: the text that is meant. Must not know: markup around it.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

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

fn decode(text: &str, html: bool) -> Cow<'_, str> {
    let Some((head, mut rest)) = text.split_once('&') else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(head);
    loop {
        rest = reference(rest, html, &mut out);
        let Some((before, after)) = rest.split_once('&') else {
            out.push_str(rest);
            return Cow::Owned(out);
        };
        out.push_str(before);
        rest = after;
    }
}

/// Appends what the reference after an ampersand means, or the ampersand; gives what follows.
fn reference<'a>(rest: &'a str, html: bool, out: &mut String) -> &'a str {
    let found = match rest.strip_prefix('#') {
        Some(number) => numeric(number, out),
        None => named(rest, html, out),
    };
    found.unwrap_or_else(|| {
        out.push('&');
        rest
    })
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

/// The character of a number; the C1 range is read as windows-1252, as in HTML. None for what may not be in text.
fn character(code: u32) -> Option<char> {
    let c1 = code
        .checked_sub(0x80)
        .and_then(|index| usize::try_from(index).ok())
        .and_then(|index| C1_REPLACEMENTS.get(index).copied().flatten());
    c1.or_else(|| char::from_u32(code))
        .filter(|c| !is_forbidden(*c))
}

fn named<'a>(text: &'a str, html: bool, out: &mut String) -> Option<&'a str> {
    let length = text
        .bytes()
        .take(LONGEST_NAME)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let (name, rest) = text.split_at(length);
    if let Some(after) = rest.strip_prefix(';') {
        let known = text
            .get(..=length)
            .is_some_and(|name| push_named(name, out));
        if known || (name == "apos" && push(out, '\'')) {
            return Some(after);
        }
    }
    if !html {
        return None;
    }
    (2..=length).rev().find_map(|length| {
        let (name, after) = text.split_at_checked(length)?;
        push_named(name, out).then_some(after)
    })
}

fn push(out: &mut String, c: char) -> bool {
    out.push(c);
    true
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

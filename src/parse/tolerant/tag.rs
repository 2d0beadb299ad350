//! Tags of XML as publishers write it. In: text. Out: start and end tags with their attributes, one after the other, in
//! linear time. Must not know: which elements there are.

use std::sync::LazyLock;

use memchr::{memchr, memchr3, memmem::Finder};

use crate::parse::reference::unescape;

/// What ends a CDATA section.
pub(super) static CDATA_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("]]>"));
static COMMENT_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("-->"));
static INSTRUCTION_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("?>"));

/// A start or end tag.
pub(super) struct Tag<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: TagKind,
    pub(super) name: &'a str,
    pub(super) attributes: &'a str,
}

/// What a tag does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    Open,
    Empty,
    Close,
}

/// A name without its prefix.
pub(super) fn local_name(name: &str) -> &str {
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

/// The next start or end tag from a position on; comments, CDATA, instructions and declarations are passed over.
pub(super) fn next_tag(text: &str, mut position: usize) -> Option<Tag<'_>> {
    loop {
        let start = position + memchr(b'<', text.get(position..)?.as_bytes())?;
        let rest = text.get(start + 1..)?;
        let skip = |end: &Finder<'_>| {
            end.find(rest.as_bytes())
                .map_or(text.len(), |at| start + 1 + at + end.needle().len())
        };
        position = match rest.as_bytes().first() {
            Some(b'!') if rest.starts_with("![CDATA[") => skip(&CDATA_END),
            Some(b'!') if rest.starts_with("!--") => skip(&COMMENT_END),
            Some(b'!') => start + 1 + declaration_length(rest),
            Some(b'?') => skip(&INSTRUCTION_END),
            Some(_) if begins_tag(text.get(start..)?) => return Some(tag(text, start, rest)),
            _ => start + 1,
        };
    }
}

/// Whether a `<` begins a tag, and is not a sign that somebody forgot to escape.
pub(super) fn begins_tag(text: &str) -> bool {
    text.starts_with('<')
        && text.as_bytes().get(1).is_some_and(|next| {
            next.is_ascii_alphabetic() || matches!(next, b'/' | b'_') || *next >= 0x80
        })
}

/// Bytes of a declaration such as a DOCTYPE, over its internal subset; one that never ends takes all.
fn declaration_length(rest: &str) -> usize {
    let end = rest.find('>').map_or(rest.len(), |at| at + 1);
    let subset = rest
        .get(..end)
        .and_then(|declaration| declaration.find('['));
    match subset.and_then(|open| rest.get(open..).map(|subset| (open, subset))) {
        Some((open, subset)) => subset
            .find("]>")
            .map_or(rest.len(), |close| open + close + 2),
        None => end,
    }
}

pub(super) fn tag<'a>(text: &'a str, start: usize, rest: &'a str) -> Tag<'a> {
    let close = rest.starts_with('/');
    let body = rest.strip_prefix('/').unwrap_or(rest);
    let length = tag_length(body);
    let inside = body.get(..length).unwrap_or(body);
    let end = (start + 1 + usize::from(close) + length + 1).min(text.len());
    let trimmed = inside.trim_end();
    let empty = !close && trimmed.ends_with('/') && !trimmed.ends_with("=/");
    let content = if empty {
        trimmed.strip_suffix('/').unwrap_or(trimmed)
    } else {
        inside
    };
    let name_length = content
        .bytes()
        .position(|byte| byte.is_ascii_whitespace() || byte == b'/')
        .unwrap_or(content.len());
    let (name, attributes) = content.split_at(name_length);
    let kind = match (close, empty) {
        (true, _) => TagKind::Close,
        (false, true) => TagKind::Empty,
        (false, false) => TagKind::Open,
    };
    Tag {
        start,
        end,
        kind,
        name,
        attributes,
    }
}

/// Bytes up to the `>` (or, when that was forgotten, the `<`) that ends a tag, over quoted values.
fn tag_length(body: &str) -> usize {
    // Most tags have no attributes.
    if let Some(at) = memchr3(b'>', b'<', b'=', body.as_bytes())
        && body.as_bytes().get(at) == Some(&b'>')
    {
        return at;
    }
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in body.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            // A quote that is never closed: what looks like the end before the next tag is it.
            Some(_) if byte == b'<' => {
                return body
                    .get(..at)
                    .and_then(|head| head.find('>'))
                    .unwrap_or(at.saturating_sub(1));
            }
            None if byte == b'>' => return at,
            None if byte == b'<' => return at.saturating_sub(1),
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            Some(_) | None => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    body.find('>').unwrap_or(body.len())
}

/// An attribute by its name, with or without prefix, and whether it is quoted; references undone.
pub(super) fn attribute(raw: &str, name: &str) -> Option<(String, bool)> {
    attributes(raw)
        .find(|(found, _)| {
            found.eq_ignore_ascii_case(name) || local_name(found).eq_ignore_ascii_case(name)
        })
        .map(|(_, value)| (unescape(value.text).trim().to_owned(), value.quoted))
}

/// The value of an attribute, raw.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub text: &'a str,
    pub quoted: bool,
}

/// Attributes of a tag, with or without quotes, values raw; a bound on their number is a bound on time.
pub(super) fn attributes(raw: &str) -> impl Iterator<Item = (&str, Value<'_>)> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_whitespace() || c == '=')?;
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = after;
            let (text, quoted) = ("", false);
            return Some((name, Value { text, quoted }));
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (text, after) = match quote {
            Some(quote) => {
                let inner = value.get(1..).unwrap_or_default();
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        rest = after;
        let quoted = quote.is_some();
        Some((name, Value { text, quoted }))
    })
    .take(200)
}

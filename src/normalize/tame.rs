//! HTML that a person's editor wrote as it should be: every element known, closed, and nested as the HTML standard's parser
//! would nest it. Cleaning it needs no tree, which is most of what cleaning costs. In: HTML as published. Out: what the sanitiser
//! would make of it, byte for byte; nothing wherever that is not certain. Must not know: links, trackers.

use memchr::memchr;
use url::Url;

use super::{finish, sanitize};
use crate::parse::reference;

/// Elements nested deeper than this are left to the sanitiser.
const DEEPEST: usize = 100;

/// How the HTML standard's parser (WHATWG HTML, 13.2.6.4.7) treats an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Has no inside.
    Void,
    /// The same, and ends a paragraph.
    VoidBlock,
    /// Opened again by the parser where it is not closed in time.
    Formatting,
    /// Stands in a line, with no rules of its own.
    Plain,
    /// Ends a paragraph.
    Block,
    /// The same; two of them do not nest.
    Heading,
    /// Ends a paragraph, and stands in a list only.
    Item,
}

fn kind(tag: &str) -> Option<Kind> {
    Some(match tag {
        // A frame that has something inside is left to the sanitiser.
        "br" | "iframe" | "img" | "wbr" => Kind::Void,
        "hr" => Kind::VoidBlock,
        "a" | "b" | "big" | "code" | "em" | "i" | "s" | "small" | "strike" | "strong" | "tt"
        | "u" => Kind::Formatting,
        "abbr" | "bdi" | "bdo" | "cite" | "del" | "dfn" | "ins" | "kbd" | "mark" | "q" | "samp"
        | "span" | "sub" | "sup" | "time" | "var" => Kind::Plain,
        "article" | "aside" | "blockquote" | "div" | "dl" | "figcaption" | "figure" | "footer"
        | "header" | "main" | "nav" | "ol" | "p" | "pre" | "section" | "ul" => Kind::Block,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading,
        "li" | "dt" | "dd" => Kind::Item,
        _ => return None,
    })
}

/// What the sanitiser would make of HTML, where that is plain to see.
pub(super) fn clean(html: &str) -> Option<String> {
    let mut page = Page {
        out: String::with_capacity(html.len() + html.len() / 8),
        open: Vec::new(),
    };
    if html.starts_with('\u{feff}') {
        // The parser drops it.
        return None;
    }
    let mut rest = html;
    loop {
        let at = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let (text, after) = rest.split_at_checked(at)?;
        push_escaped(&mut page.out, text, Place::Text)?;
        let Some(tag) = after.strip_prefix('<') else {
            break;
        };
        rest = match tag.as_bytes().first()? {
            b'/' => page.end(tag.get(1..)?)?,
            b'!' => comment(tag)?,
            _ => page.start(tag)?,
        };
    }
    page.open.is_empty().then_some(page.out)
}

/// Passes a comment over; gives what follows.
fn comment(tag: &str) -> Option<&str> {
    let (inside, after) = tag.strip_prefix("!--")?.split_once("-->")?;
    // Some others end where nobody would think so.
    let is_plain =
        !inside.starts_with(['>', '-']) && !inside.contains("--") && !inside.contains("<!");
    is_plain.then_some(after)
}

struct Page<'a> {
    out: String,
    /// Names of the elements that are open.
    open: Vec<&'a str>,
}

impl<'a> Page<'a> {
    /// Takes an end tag, which has to be that of the newest element; gives what follows.
    fn end(&mut self, tag: &'a str) -> Option<&'a str> {
        let name = self.open.pop()?;
        self.out.extend(["</", name, ">"]);
        tag.strip_prefix(name)?.strip_prefix('>')
    }

    /// Takes a start tag; gives what follows.
    fn start(&mut self, tag: &'a str) -> Option<&'a str> {
        let length = tag
            .bytes()
            .take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            .count();
        let (name, attributes) = tag.split_at_checked(length)?;
        let kind = kind(name)?;
        self.fits(name, kind)?;
        self.out.extend(["<", name]);
        let (rest, is_closed) = self.attributes(name, attributes)?;
        if sanitize::is_huge(attributes.strip_suffix(rest)?) {
            return None;
        }
        match name {
            "img" => self.out.push_str(" loading=\"lazy\""),
            "a" => self.out.extend([" rel=\"", sanitize::REL, "\""]),
            // The parser drops a line end behind it.
            "pre" if rest.starts_with(['\r', '\n', '&']) || rest.starts_with("<!") => return None,
            _ => {}
        }
        self.out.push('>');
        if name == "iframe" {
            self.out.push_str("</iframe>");
            return rest.strip_prefix("</iframe>").filter(|_| !is_closed);
        }
        match kind {
            Kind::Void | Kind::VoidBlock => {}
            _ if is_closed => return None,
            _ => self.open.push(name),
        }
        Some(rest)
    }

    /// Whether the parser would put an element where it stands, and close nothing for it.
    fn fits(&self, name: &str, kind: Kind) -> Option<()> {
        let parent = self.open.last().copied().unwrap_or_default();
        let fits = match kind {
            Kind::Void | Kind::Plain => true,
            Kind::Formatting => !self.open.contains(&name),
            Kind::VoidBlock | Kind::Block => !self.open.contains(&"p"),
            Kind::Heading => !self.open.contains(&"p") && self::kind(parent) != Some(kind),
            Kind::Item => {
                let lists: &[&str] = if name == "li" { &["ul", "ol"] } else { &["dl"] };
                lists.contains(&parent) && !self.open.contains(&"p")
            }
        };
        (fits && self.open.len() < DEEPEST).then_some(())
    }

    /// Takes what stands between the name of a start tag and its end; gives what follows, and whether the tag says that
    /// it closes itself.
    fn attributes(&mut self, tag: &str, attributes: &'a str) -> Option<(&'a str, bool)> {
        let mut kept: Vec<&str> = Vec::new();
        let mut rest = attributes;
        loop {
            let trimmed = rest.trim_start_matches([' ', '\n', '\t']);
            if let Some(after) = trimmed.strip_prefix('>') {
                return Some((after, false));
            }
            if let Some(after) = trimmed.strip_prefix("/>") {
                return Some((after, true));
            }
            if trimmed.len() == rest.len() {
                return None;
            }
            let is_named = |byte: &u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_:".contains(byte)
            };
            let length = trimmed.bytes().take_while(is_named).count();
            let (name, after) = trimmed.split_at_checked(length)?;
            let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
            let (value, after) = match after.strip_prefix('=') {
                Some(quoted) => {
                    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                    let (value, after) = quoted.get(1..)?.split_once(quote)?;
                    (Some(value), after)
                }
                None => (None, after),
            };
            rest = after;
            if !begins || kept.contains(&name) {
                return None;
            }
            if sanitize::is_allowed(tag, name) {
                self.keep((tag, name), value.unwrap_or_default())?;
                kept.push(name);
            }
        }
    }

    /// Writes an attribute that stays as it stands.
    fn keep(&mut self, at: (&str, &str), value: &str) -> Option<()> {
        let begin = self.out.len() + at.1.len() + 3;
        self.out.extend([" ", at.1, "=\""]);
        push_escaped(&mut self.out, value, Place::Value)?;
        let meant = reference::unescape_html(self.out.get(begin..)?);
        let stays = sanitize::filter(at, &meant).is_some_and(|filtered| filtered == meant)
            && (!matches!(at.1, "href" | "src") || leads_somewhere(&meant));
        self.out.push('"');
        stays.then_some(())
    }
}

/// Whether the sanitiser lets an address pass.
fn leads_somewhere(url: &str) -> bool {
    match Url::parse(url) {
        Ok(url) => finish::SCHEMES.contains(&url.scheme()),
        Err(error) => error == url::ParseError::RelativeUrlWithoutBase,
    }
}

/// Where text stands: which signs it has escaped differs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Value,
}

/// Appends text as the standard's serialiser writes it, references undone where it needs none.
fn push_escaped(out: &mut String, text: &str, place: Place) -> Option<()> {
    if text.len() > sanitize::LONGEST_RUN {
        return None;
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at..)?;
        let sign = rest.chars().next()?;
        let after = rest.get(sign.len_utf8()..)?;
        rest = match sign {
            '&' => push_reference(out, after, place)?,
            '\r' => {
                out.push('\n');
                after.strip_prefix('\n').unwrap_or(after)
            }
            '"' | '>' | '\u{a0}'.. => {
                push_sign(out, sign, place);
                after
            }
            // A control character, or a tag where none may be.
            _ => return None,
        };
    }
    out.push_str(rest);
    Some(())
}

/// Appends a character, escaped where the standard's serialiser does so (WHATWG HTML, 13.3).
fn push_sign(out: &mut String, sign: char, place: Place) {
    match sign {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\u{a0}' => out.push_str("&nbsp;"),
        '"' if place == Place::Value => out.push_str("&quot;"),
        _ => out.push(sign),
    }
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'"' | b'<' | b'>' | 0xc2 | 0x7f)
        || (byte < b' ' && !matches!(byte, b'\n' | b'\t'))
}

/// Appends what a reference means, escaped; gives what follows it.
fn push_reference<'a>(out: &mut String, rest: &'a str, place: Place) -> Option<&'a str> {
    let length = rest
        .bytes()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    let (name, after) = rest.split_at_checked(length)?;
    let Some(after) = after.strip_prefix(';') else {
        // An ampersand that begins nothing; in a value, nor does one that begins the name of a parameter.
        let begins_nothing = name.is_empty()
            || (place == Place::Value && !name.contains('#') && after.starts_with('='));
        out.push_str("&amp;");
        return begins_nothing.then_some(rest);
    };
    let mut meant = String::new();
    reference::push_exact(name, &mut meant)?;
    for sign in meant.chars() {
        push_sign(out, sign, place);
    }
    Some(after)
}

#[cfg(test)]
#[path = "tame_tests.rs"]
mod tests;

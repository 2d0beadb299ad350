//! People: names without e-mail addresses. In: persons as published. Out: [`AuthorDraft`]s. Must not know: who is
//! stored already.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::draft::AuthorDraft;
use super::{link, text};
use crate::parse::{RawPerson, RawText, TextKind};

/// Names longer than this are cut, in characters.
const LONGEST_NAME: usize = 500;
/// More authors than this are left out.
const MOST: usize = 50;

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:mailto:)?[\p{L}\p{N}._%+'-]+\s?(?:@|\(at\)|\[at\]|&#64;|%40)\s?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*|[\p{L}\p{N}._%+-]+\s+at\s+[\p{L}\p{N}-]+(?:(?:\s+dot\s+|\.)[\p{L}\p{N}-]+)+").ok()
});

/// The people named, each once, in the publisher's order.
pub(super) fn all(persons: &[RawPerson], base: &Url) -> Vec<AuthorDraft> {
    let mut authors: Vec<AuthorDraft> = Vec::new();
    for author in persons.iter().filter_map(|person| one(person, base)) {
        let key = text::fold(&author.name);
        let room = authors.len() < MOST;
        match authors
            .iter_mut()
            .find(|other| text::fold(&other.name) == key)
        {
            Some(known) => {
                known.url = known.url.take().or(author.url);
                known.avatar_url = known.avatar_url.take().or(author.avatar_url);
            }
            None if room => authors.push(author),
            None => {}
        }
    }
    authors
}

fn one(person: &RawPerson, base: &Url) -> Option<AuthorDraft> {
    let name = person.name.as_deref().and_then(name)?;
    let base = link::base_url(&person.base, base);
    let web = |href: &Option<String>| href.as_deref().and_then(|href| link::web(&base, href));
    Some(AuthorDraft {
        name,
        url: web(&person.uri),
        avatar_url: web(&person.avatar),
    })
}

/// The name in free text such as `jane@example.org (Jane Doe)`; none when there is only an address.
pub(super) fn name(free: &str) -> Option<String> {
    let free = mail_link(free);
    let free = free.as_ref();
    let plain = text::title(&RawText::new(free, TextKind::Unsaid));
    let plain = if plain.contains('@') || !free.contains('@') {
        plain
    } else {
        text::collapse(free)
    };
    let without = EMAIL.as_ref().map_or_else(String::new, |email| {
        email.replace_all(&plain, "\u{1}").into_owned()
    });
    let had_email = without.contains('\u{1}');
    let bare = without
        .replace("<\u{1}>", "\u{1}")
        .replace("(\u{1})", "\u{1}")
        .replace("[\u{1}]", "\u{1}");
    let mut bare = text::collapse(&bare.replace('\u{1}', " "));
    if had_email {
        bare = unwrapped(&bare);
    }
    let name = text::cut(
        bare.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"')),
        LONGEST_NAME,
    );
    name.chars().any(char::is_alphanumeric).then_some(name)
}

/// The text of a `mailto:` link (RFC 6068): percent-encoding undone, headers left out.
fn mail_link(free: &str) -> Cow<'_, str> {
    let Some(address) = free
        .trim()
        .strip_prefix("mailto:")
        .filter(|rest| rest.contains('%'))
    else {
        return Cow::Borrowed(free);
    };
    let address = address
        .split('?')
        .next()
        .unwrap_or_default()
        .replace('+', "%2B");
    let decoded: String = url::form_urlencoded::parse(address.as_bytes())
        .map(|(name, _)| name)
        .collect();
    Cow::Owned(decoded)
}

/// Without the brackets that stood around a name beside an address.
fn unwrapped(text: &str) -> String {
    let trimmed = text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '-' | '—' | '–' | ',' | ':' | '<' | '>')
    });
    for (open, close) in [('(', ')'), ('（', '）'), ('[', ']'), ('"', '"')] {
        if let Some(inner) = trimmed
            .strip_prefix(open)
            .and_then(|inner| inner.strip_suffix(close))
        {
            return inner.trim().to_owned();
        }
    }
    trimmed
        .replace("()", "")
        .replace("<>", "")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_hold_an_address() {
        for (free, expected) in [
            ("Jane Doe", Some("Jane Doe")),
            ("jane@example.org (Jane Doe)", Some("Jane Doe")),
            ("Jane Doe <jane@example.org>", Some("Jane Doe")),
            ("\"Jane Doe\" <jane@example.org>", Some("Jane Doe")),
            ("Jane Doe (jane@example.org)", Some("Jane Doe")),
            ("jane@x.org（José）", Some("José")),
            ("José —jane@x.org", Some("José")),
            ("mailto:jane@example.org", None),
            ("noreply@blogger.com (Jane (JD) Doe)", Some("Jane (JD) Doe")),
            (
                "mailto:jane%40example.org%20%28Jane%29?subject=x",
                Some("Jane"),
            ),
            ("jane at example dot org (Jane)", Some("Jane")),
            ("jane@localhost", None),
            ("Jane &amp; Joe", Some("Jane & Joe")),
            ("Jane Doe (editor)", Some("Jane Doe (editor)")),
            ("  ", None),
            ("-", None),
        ] {
            assert_eq!(name(free).as_deref(), expected, "{free}");
        }
    }

    #[test]
    fn one_person_is_one_author() {
        let base = Url::parse("http://example.org/").unwrap();
        let person = |name: &str, uri: Option<&str>| RawPerson {
            name: Some(name.to_owned()),
            uri: uri.map(str::to_owned),
            ..RawPerson::default()
        };
        let authors = all(
            &[
                person("Jane", None),
                person("JANE", Some("/jane")),
                person("Joe", None),
            ],
            &base,
        );
        let names: Vec<_> = authors
            .iter()
            .map(|author| (author.name.as_str(), author.url.as_deref()))
            .collect();
        assert_eq!(
            names,
            [("Jane", Some("http://example.org/jane")), ("Joe", None)]
        );
    }
}

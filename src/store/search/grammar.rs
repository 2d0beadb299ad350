//! The language of queries. In: whatever a person typed. Out: what is asked for. Everything can be read: what means
//! nothing is left out. Pure. Must not know: SQL.
//!
//! `words` all of them; `"a phrase"`; `-not`; `a OR b` either; `begin*`; `author:ann`, `tag:"open source"`,
//! `source:planet` with one value each; `after:2024-03-01` from that day on, `before:2024-03-01` until the day
//! before, both for the whole query.

use chrono::{DateTime, NaiveDate};
use entity::Millis;

use super::document::whole_tag;
use super::terms::{Form, Token, tokens};

/// What comes after so many characters is not read.
const LONGEST: usize = 1_000;
/// Nor what comes after so many parts, and so many words of one part.
const MOST_PARTS: usize = 24;
const MOST_WORDS: usize = 16;
/// A beginning has at least so many characters, and a query so many of them; others stand for themselves. Shorter ones
/// would be the beginning of too many words: the index puts the entries of all of them together first.
const SHORTEST_PREFIX: usize = 3;
const MOST_PREFIXES: usize = 3;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of each group, one part at least.
    pub(super) groups: Vec<Vec<Part>>,
    /// None of these.
    pub(super) without: Vec<Part>,
    /// From this instant on.
    pub(super) from: Option<Millis>,
    /// Earlier than this.
    pub(super) before: Option<Millis>,
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Words side by side, anywhere.
    Words(Phrase),
    /// The same in an author's name.
    Author(Phrase),
    /// A whole tag, or the beginning of one.
    Tag { tag: String, prefix: bool },
    /// A source whose title or address contains this.
    Source(String),
}

impl Part {
    const fn is_prefix(&self) -> bool {
        match self {
            Self::Words(phrase) | Self::Author(phrase) => phrase.prefix,
            Self::Tag { prefix, .. } => *prefix,
            Self::Source(_) => false,
        }
    }
}

/// Words side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    /// At least one.
    pub terms: Vec<String>,
    /// The last is a beginning.
    pub prefix: bool,
}

impl Asked {
    /// Reads a query.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let end = query.char_indices().nth(LONGEST).map(|(at, _)| at);
        let query = end.and_then(|end| query.get(..end)).unwrap_or(query);
        let mut asked = Self::default();
        let (mut or, mut not, mut parts) = (false, false, 0);
        for raw in raws(query) {
            match raw.operator() {
                Some(Operator::Or) => or = !asked.groups.is_empty(),
                Some(Operator::Not) => not = true,
                Some(Operator::And) => {}
                None if parts < MOST_PARTS => {
                    let without = raw.without != not;
                    if asked.take(&raw, without, or) {
                        parts += 1;
                    }
                    (or, not) = (false, false);
                }
                None => break,
            }
        }
        asked
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn with_few_prefixes(&self, mut part: Part) -> Part {
        let parts = self.groups.iter().flatten().chain(&self.without);
        if parts.filter(|part| part.is_prefix()).count() >= MOST_PREFIXES {
            match &mut part {
                Part::Words(Phrase { terms, prefix }) | Part::Author(Phrase { terms, prefix }) => {
                    // One character of a run is found as the beginning of its pairs only.
                    *prefix &= terms.last().is_some_and(|term| term.chars().count() == 1);
                }
                Part::Tag { prefix, .. } => *prefix = false,
                Part::Source(_) => {}
            }
        }
        part
    }

    /// Whether the part said something.
    fn take(&mut self, raw: &Raw<'_>, without: bool, or: bool) -> bool {
        if let Some(at) = raw.instant() {
            match (raw.field, without) {
                (Some(Field::Before), false) | (Some(Field::After), true) => {
                    self.before = Some(self.before.map_or(at, |known| known.min(at)));
                }
                _ => self.from = self.from.max(Some(at)),
            }
            return true;
        }
        let Some(part) = raw.part() else {
            return false;
        };
        let part = self.with_few_prefixes(part);
        match self.groups.last_mut() {
            _ if without => self.without.push(part),
            Some(group) if or => group.push(part),
            _ => self.groups.push(vec![part]),
        }
        true
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Author,
    Source,
    Tag,
    Before,
    After,
}

const FIELDS: [(&str, Field); 5] = [
    ("author:", Field::Author),
    ("source:", Field::Source),
    ("tag:", Field::Tag),
    ("before:", Field::Before),
    ("after:", Field::After),
];

/// A part as it is written.
struct Raw<'a> {
    /// With the field's name, where it has one; what is compared with operators.
    whole: &'a str,
    field: Option<Field>,
    value: &'a str,
    quoted: bool,
    without: bool,
    star: bool,
}

impl Raw<'_> {
    fn operator(&self) -> Option<Operator> {
        match self.whole {
            _ if self.quoted || self.without || self.star => None,
            "OR" | "|" | "||" => Some(Operator::Or),
            "AND" | "&" | "&&" => Some(Operator::And),
            "NOT" => Some(Operator::Not),
            _ => None,
        }
    }

    fn instant(&self) -> Option<Millis> {
        matches!(self.field, Some(Field::Before | Field::After))
            .then(|| instant(self.value.trim()))
            .flatten()
    }

    fn part(&self) -> Option<Part> {
        match self.field {
            Some(Field::Author) => phrase(self.value, self.star).map(Part::Author),
            Some(Field::Tag) => whole_tag(self.value).map(|tag| Part::Tag {
                tag,
                prefix: self.star,
            }),
            Some(Field::Source) => {
                let text = self.value.trim();
                (!text.is_empty()).then(|| Part::Source(text.to_owned()))
            }
            // A date that is none is words like any.
            Some(Field::Before | Field::After) => phrase(self.whole, self.star).map(Part::Words),
            None => phrase(self.value, self.star).map(Part::Words),
        }
    }
}

/// The words of a value. Of a run without spaces the last character stands in its last pair already; a run of one
/// character is the beginning of pairs.
fn phrase(value: &str, star: bool) -> Option<Phrase> {
    let mut found: Vec<Token> = tokens(value);
    found.truncate(MOST_WORDS);
    if found.last()?.form == Form::Last && found.len() > 1 {
        found.pop();
    }
    let last = found.last()?;
    let long = last.term.chars().count() >= SHORTEST_PREFIX;
    let prefix = last.form == Form::Alone || (star && long && last.form == Form::Word);
    let terms = found.into_iter().map(|token| token.term).collect();
    Some(Phrase { terms, prefix })
}

/// A day, a month, a year (their first instant, in UTC), or an RFC 3339 instant.
fn instant(text: &str) -> Option<Millis> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(Millis(at.timestamp_millis()));
    }
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let day = NaiveDate::parse_from_str(&day, "%Y-%m-%d").ok()?;
    let midnight = day.and_hms_opt(0, 0, 0)?.and_utc();
    Some(Millis(midnight.timestamp_millis()))
}

/// Cuts a query at its spaces and quotation marks.
fn raws(query: &str) -> Vec<Raw<'_>> {
    let mut found = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() {
        let (raw, after) = next(rest);
        found.push(raw);
        rest = after.trim_start();
    }
    found
}

const fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

fn next(text: &str) -> (Raw<'_>, &str) {
    let bare = text
        .strip_prefix('-')
        .filter(|rest| rest.starts_with(|first: char| !first.is_whitespace() && first != '-'));
    let start = bare.unwrap_or(text);
    let named = FIELDS.iter().find_map(|(name, field)| {
        let head = start.get(..name.len())?;
        let value = start.get(name.len()..)?;
        let has_value = value.starts_with(|first: char| !first.is_whitespace());
        (head.eq_ignore_ascii_case(name) && has_value).then_some((*field, value))
    });
    let (field, value) = named.map_or((None, start), |(field, value)| (Some(field), value));
    let quoted = value.strip_prefix(is_quote);
    let ends =
        |character: char| is_quote(character) || (quoted.is_none() && character.is_whitespace());
    let inside = quoted.unwrap_or(value);
    let end = inside.find(ends).unwrap_or(inside.len());
    let (word, after) = inside.split_at_checked(end).unwrap_or((inside, ""));
    let after = quoted.map_or(after, |_| after.strip_prefix(is_quote).unwrap_or(after));
    let (word, after, star) = match quoted {
        Some(_) => match after.strip_prefix('*') {
            Some(after) => (word, after, true),
            None => (word, after, false),
        },
        None => (word, after, word.ends_with('*')),
    };
    let raw = Raw {
        whole: if field.is_some() {
            start.get(..start.len() - after.len()).unwrap_or(start)
        } else {
            word
        },
        field,
        value: word,
        quoted: quoted.is_some(),
        without: bare.is_some(),
        star,
    };
    (raw, after)
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;

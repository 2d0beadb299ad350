//! An entry as the index keeps it. In: its texts. Out: terms by place, as FTS5 and as tsvector read them. Pure. Must
//! not know: SQL.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::stream::{AUTHOR, GAP, JOINT, KEEN, META, TAG, TAG_WORD, TITLE};
use super::terms::{Token, tokens};

/// A tsvector counts places up to 16,383; what an entry says after that many words is not found.
const MOST_PLACES: usize = 16_000;
/// A tsvector keeps 255 places of one term. Both databases leave out the others.
const MOST_OF_ONE: usize = 255;
/// A tsvector is at most a mebibyte large, and a term in it two kibibytes.
const MOST_BYTES: usize = 400_000;
const LONGEST_TAG: usize = 200;
/// A body says a word often from so many times on, and at least once in [`OFTEN`] words.
const OFTEN_FROM: usize = 3;
const OFTEN: usize = 200;
/// Words of a title, an author or a tag that are indexed; tags and authors of an entry.
const MOST_WORDS: usize = 200;
const MOST_NAMES: usize = 64;

/// The texts of an entry that are searched.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a> {
    /// Key of its source.
    pub source: i64,
    /// Title.
    pub title: &'a str,
    /// Names of authors.
    pub authors: Vec<&'a str>,
    /// Tags.
    pub tags: Vec<&'a str>,
    /// Body.
    pub body: &'a str,
}

/// Terms by place; none where nothing is to be found.
#[derive(Debug)]
pub struct Document(Vec<Option<String>>);

/// What every entry has.
#[must_use]
pub fn everything() -> String {
    META.to_string()
}

/// What the entries of a source have.
#[must_use]
pub fn of_source(source: i64) -> String {
    format!("{META}s{source}")
}

/// A whole tag; none when it has no words.
#[must_use]
pub fn whole_tag(tag: &str) -> Option<String> {
    let words: Vec<String> = tokens(tag).into_iter().map(|token| token.term).collect();
    let joined = words.join(&JOINT.to_string());
    let words: String = joined.chars().take(LONGEST_TAG).collect();
    (!words.is_empty()).then(|| format!("{TAG}{words}"))
}

/// Puts a stream's character in front of a term.
#[must_use]
pub fn within(stream: char, term: &str) -> String {
    format!("{stream}{term}")
}

impl Document {
    /// What is indexed of an entry.
    #[must_use]
    pub fn of(texts: &Texts<'_>) -> Self {
        let few = |text: &str| -> Vec<String> {
            let words = tokens(text).into_iter().take(MOST_WORDS);
            words.map(|token: Token| token.term).collect()
        };
        let title = few(texts.title);
        let authors: Vec<Vec<String>> = texts
            .authors
            .iter()
            .take(MOST_NAMES)
            .map(|name| few(name))
            .collect();
        let tags = || texts.tags.iter().take(MOST_NAMES);
        let tag_words: Vec<Vec<String>> = tags().map(|tag| few(tag)).collect();
        let body: Vec<String> = tokens(texts.body)
            .into_iter()
            .take(MOST_PLACES)
            .map(|token| token.term)
            .collect();
        let mut document = Self(Vec::with_capacity(body.len() + 64));
        document.field(None, vec![everything(), of_source(texts.source)]);
        document.field(Some(TITLE), title.clone());
        for name in &authors {
            document.field(Some(AUTHOR), name.clone());
        }
        for tag in &tag_words {
            document.field(Some(TAG_WORD), tag.clone());
        }
        document.field(None, tags().filter_map(|tag| whole_tag(tag)).collect());
        document.field(Some(KEEN), keen(&body));
        for words in [vec![title], tag_words, authors, vec![body]]
            .into_iter()
            .flatten()
        {
            document.field(None, words);
        }
        document.bound();
        document
    }

    fn field(&mut self, stream: Option<char>, words: Vec<String>) {
        if words.is_empty() {
            return;
        }
        self.0.extend(words.into_iter().map(|word| match stream {
            Some(stream) => Some(within(stream, &word)),
            None => Some(word),
        }));
        self.0.push(None);
    }

    fn bound(&mut self) {
        self.0.truncate(MOST_PLACES);
        let mut counts: HashMap<&str, usize, RandomState> = HashMap::default();
        let mut dropped = Vec::new();
        let mut bytes = 0;
        for (place, term) in self.0.iter().enumerate() {
            let Some(term) = term else { continue };
            bytes += term.len();
            if bytes > MOST_BYTES {
                dropped.extend(place..self.0.len());
                break;
            }
            let count = counts.entry(term).or_default();
            *count += 1;
            if *count > MOST_OF_ONE {
                dropped.push(place);
            }
        }
        for place in dropped {
            if let Some(slot) = self.0.get_mut(place) {
                *slot = None;
            }
        }
    }

    /// Terms with spaces between them, which FTS5's `ascii` tokenizer takes apart again.
    #[must_use]
    pub fn to_fts5(&self) -> String {
        let gap = GAP.to_string();
        let terms: Vec<&str> = self
            .0
            .iter()
            .map(|term| term.as_deref().unwrap_or(&gap))
            .collect();
        terms.join(" ")
    }

    /// A tsvector as `PostgreSQL` writes it. Terms have no quotes and no backslashes.
    #[must_use]
    pub fn to_tsvector(&self) -> String {
        let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (place, term) in (1..).zip(&self.0) {
            if let Some(term) = term {
                let place: u32 = place;
                places.entry(term).or_default().push(place.to_string());
            }
        }
        let terms: Vec<String> = places
            .into_iter()
            .map(|(term, places)| format!("'{term}':{}", places.join(",")))
            .collect();
        terms.join(" ")
    }
}

/// The words that a body says often, each once.
fn keen(body: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, usize, RandomState> = HashMap::default();
    for word in body {
        *counts.entry(word).or_default() += 1;
    }
    let is_often = |count: usize| count >= OFTEN_FROM && count * OFTEN >= body.len();
    let mut words: Vec<&str> = counts
        .iter()
        .filter(|(_, count)| is_often(**count))
        .map(|(word, _)| *word)
        .collect();
    words.sort_unstable();
    words.truncate(MOST_NAMES);
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stands_in_its_streams() {
        let document = Document::of(&Texts {
            source: 7,
            title: "Big News",
            authors: vec!["Ann"],
            tags: vec!["Open Source"],
            body: "so so so it is",
        });
        assert_eq!(
            document.to_fts5().replace('\u{e007}', "|"),
            "\u{e000} \u{e000}s7 | \u{e001}big \u{e001}news | \u{e002}ann | \u{e003}open \u{e003}source | \
             \u{e004}open\u{e006}source | \u{e005}so | big news | open source | ann | so so so it is |"
        );
        assert!(document.to_tsvector().contains("'so':24,25,26"));
        assert!(!document.to_tsvector().contains('\u{e007}'));
    }

    #[test]
    fn what_a_tsvector_cannot_keep_is_left_out() {
        let body = "a b ".repeat(20_000);
        let document = Document::of(&Texts {
            body: &body,
            ..Texts::default()
        });
        assert_eq!(document.0.len(), MOST_PLACES);
        assert_eq!(document.to_fts5().matches(" a").count(), MOST_OF_ONE);
        let long: Vec<String> = (0..16_000)
            .map(|n| format!("{}{n}", "ж".repeat(60)))
            .collect();
        let document = Document::of(&Texts {
            body: &long.join(" "),
            tags: vec![&long.join("-")],
            ..Texts::default()
        });
        assert!(document.to_tsvector().len() < 900_000);
        assert!(document.0.iter().flatten().all(|term| term.len() < 2_000));
    }
}

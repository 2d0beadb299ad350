//! Texts as terms. In: any text. Out: folded words with their places; runs of characters that are written without
//! spaces (Chinese, Japanese, Korean, Thai) as overlapping pairs. Pure. Must not know: databases, queries.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::stream::{PLUSES, SHARP};

/// Longer terms are cut, in characters.
const LONGEST: usize = 64;

/// A term and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded.
    pub term: String,
    /// In the text, in bytes.
    pub at: Range<usize>,
    /// What it was made of.
    pub form: Form,
}

/// What a token was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A word.
    Word,
    /// Two neighbours of a run without spaces.
    Pair,
    /// The last character of such a run, of at least two.
    Last,
    /// A run of one.
    Alone,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Run,
    Picture,
    Between,
}

/// The terms of a text, in order.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut open: Option<(Kind, usize)> = None;
    for (at, character) in text.char_indices() {
        let kind = kind(character);
        match open {
            Some((known, _)) if known == kind && kind != Kind::Picture => continue,
            Some((known, start)) => close(text, known, start..at, &mut found),
            None => {}
        }
        open = Some((kind, at));
    }
    if let Some((kind, start)) = open {
        close(text, kind, start..text.len(), &mut found);
    }
    found
}

fn close(text: &str, kind: Kind, at: Range<usize>, found: &mut Vec<Token>) {
    let Some(part) = text.get(at.clone()) else {
        return;
    };
    match kind {
        Kind::Between => {}
        Kind::Picture => found.push(word(part.to_owned(), at)),
        Kind::Run => run(part, &at, found),
        Kind::Word => {
            let rest = text.get(at.end..).unwrap_or_default();
            words(part, at, rest, found);
        }
    }
}

const fn word(term: String, at: Range<usize>) -> Token {
    Token {
        term,
        at,
        form: Form::Word,
    }
}

fn words(part: &str, at: Range<usize>, rest: &str, found: &mut Vec<Token>) {
    if part.is_ascii() {
        let mut term = cut(part).to_ascii_lowercase();
        term.extend(suffix(part, rest));
        return found.push(word(term, at));
    }
    let folded = fold(part);
    let pieces = folded.split(|character| kind(character) != Kind::Word);
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        found.push(word(cut(piece).to_owned(), at.clone()));
    }
}

/// C++, C# and F# are not C and F.
fn suffix(part: &str, rest: &str) -> Option<char> {
    let is_short = part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
    if !is_short {
        None
    } else if rest.strip_prefix("++").is_some_and(ends) {
        Some(PLUSES)
    } else if rest.strip_prefix('#').is_some_and(ends) {
        Some(SHARP)
    } else {
        None
    }
}

fn run(part: &str, at: &Range<usize>, found: &mut Vec<Token>) {
    let composed: String = part.nfkc().collect();
    // Where composing changed the text, places in it are those of the whole run.
    let exact = composed == part;
    let place = |from: usize, to: usize| {
        if exact {
            at.start + from..at.start + to
        } else {
            at.clone()
        }
    };
    let characters: Vec<(usize, char)> = composed.char_indices().collect();
    let mut following = characters.iter().skip(1);
    for (start, character) in &characters {
        let end = start + character.len_utf8();
        let (term, end, form) = match following.next() {
            Some((_, next)) => {
                let term = String::from_iter([*character, *next]);
                (term, end + next.len_utf8(), Form::Pair)
            }
            None if characters.len() == 1 => (character.to_string(), end, Form::Alone),
            None => (character.to_string(), end, Form::Last),
        };
        found.push(Token {
            term,
            at: place(*start, end),
            form,
        });
    }
}

/// Compatible forms made one, marks taken off, lower case, and letters that no mark explains written plainly.
fn fold(part: &str) -> String {
    let bare = part.nfkd().filter(|character| !is_taken_off(*character));
    let mut out = String::with_capacity(part.len());
    for character in bare.flat_map(char::to_lowercase) {
        match plain(character) {
            Some(text) => out.push_str(text),
            None => out.push(character),
        }
    }
    out.nfc()
        .filter(|character| !is_taken_off(*character))
        .collect()
}

const fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ς' => "σ",
        _ => return None,
    })
}

/// Marks that words are found without: accents, points and vowels of Latin, Greek, Cyrillic, Hebrew, Arabic. Marks of
/// other scripts make other letters.
const fn is_taken_off(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}'
        | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

fn kind(character: char) -> Kind {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() {
            Kind::Word
        } else {
            Kind::Between
        };
    }
    match character {
        // Thai, Lao, Myanmar, Khmer; Hangul, Kana, Bopomofo, Han; their compatible and half-width forms.
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17d3}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{318f}'
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ffdc}'
        | '\u{20000}'..='\u{3ffff}' => Kind::Run,
        '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' => Kind::Picture,
        '\u{e000}'..='\u{f8ff}' => Kind::Between,
        _ if character.is_alphanumeric() || is_combining_mark(character) => Kind::Word,
        _ => Kind::Between,
    }
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.term).collect()
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(
            terms("Café, NAÏVE Straße! Ångström Øre ﬁn ½ Ａ"),
            [
                "cafe", "naive", "strasse", "angstrom", "ore", "fin", "1", "2", "a"
            ]
        );
        assert_eq!(
            terms("don't e-mail foo_bar 3.12"),
            ["don", "t", "e", "mail", "foo", "bar", "3", "12"]
        );
        assert_eq!(terms("Ёлка Ὀδυσσεύς مُحَمَّد"), ["елка", "οδυσσευσ", "محمد"]);
        assert_eq!(
            terms("C, C++ and C#, F# x#1 a+b"),
            [
                "c",
                "c\u{e008}",
                "and",
                "c\u{e009}",
                "f\u{e009}",
                "x",
                "1",
                "a",
                "b"
            ]
        );
        assert_eq!(terms("हिन्दी"), ["हिन्दी"]);
        assert_eq!(
            terms("\u{0}\u{e000}\u{301} -- \u{feff}"),
            Vec::<String>::new()
        );
        assert_eq!(terms(&"x".repeat(500)), ["x".repeat(64)]);
    }

    #[test]
    fn runs_without_spaces_become_pairs() {
        assert_eq!(terms("日本語"), ["日本", "本語", "語"]);
        assert_eq!(terms("iPhone手機"), ["iphone", "手機", "機"]);
        assert_eq!(terms("ｶﾞｽ 한국어"), ["ガス", "ス", "한국", "국어", "어"]);
        assert_eq!(terms("a語🏃🏃"), ["a", "語", "🏃", "🏃"]);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "Über 日本語!";
        let places: Vec<&str> = tokens(text)
            .iter()
            .map(|token| text.get(token.at.clone()).unwrap())
            .collect();
        assert_eq!(places, ["Über", "日本", "本語", "語"]);
    }
}

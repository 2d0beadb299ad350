//! The part of an entry that shows why it was found. In: texts and what was asked. Out: HTML in which the words found
//! stand in `<mark>` and everything else is escaped. Pure. Must not know: SQL.

use std::ops::Range;

use super::grammar::{Asked, Part, Phrase};
use super::terms::{Form, Token, tokens};

/// Characters of a snippet, about.
const LENGTH: usize = 240;
/// Characters before the first word found.
const LEAD: usize = 60;
/// As much of a body is looked at.
const MOST_BYTES: usize = 100_000;

/// The snippet of the first text in which something is found; else the beginning of the last that has any.
#[must_use]
pub fn snippet(asked: &Asked, texts: &[&str]) -> String {
    let phrases: Vec<&Phrase> = asked
        .groups
        .iter()
        .flatten()
        .filter_map(|part| match part {
            Part::Words(phrase) | Part::Author(phrase) => Some(phrase),
            Part::Tag { .. } | Part::Source(_) => None,
        })
        .collect();
    for text in texts {
        let text = beginning(text, MOST_BYTES);
        let found = find(&phrases, text);
        if !found.is_empty() {
            return write(text, best(text, &found), &found);
        }
    }
    let text = texts.iter().find(|text| !text.trim().is_empty());
    let text = text.copied().unwrap_or_default();
    write(text, window(text, 0), &[])
}

fn beginning(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Where the phrases stand, rising and apart.
fn find(phrases: &[&Phrase], text: &str) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for start in 0..tokens.len() {
        let rest = tokens.get(start..).unwrap_or_default();
        let matching = phrases.iter().filter(|phrase| begins(rest, phrase));
        let ends = matching.filter_map(|phrase| end(rest, phrase));
        let (Some(first), Some(end)) = (rest.first(), ends.max()) else {
            continue;
        };
        match found.last_mut() {
            Some(open) if first.at.start <= open.end => open.end = open.end.max(end),
            _ => found.push(first.at.start..end),
        }
    }
    found
}

/// Whether a phrase stands anywhere in a text.
#[must_use]
pub fn says(tokens: &[Token], phrase: &Phrase) -> bool {
    let starts = 0..tokens.len();
    starts
        .into_iter()
        .any(|start| begins(tokens.get(start..).unwrap_or_default(), phrase))
}

/// Where a phrase that begins with the first token ends. One character of a run ends within its pair.
fn end(tokens: &[Token], phrase: &Phrase) -> Option<usize> {
    let term = phrase.terms.last()?;
    let token = tokens.get(phrase.terms.len() - 1)?;
    let within =
        token.form == Form::Pair && token.term != *term && token.at.len() == token.term.len();
    Some(if within {
        token.at.start + term.len()
    } else {
        token.at.end
    })
}

fn begins(tokens: &[Token], phrase: &Phrase) -> bool {
    let last = phrase.terms.len().saturating_sub(1);
    phrase.terms.len() <= tokens.len()
        && phrase
            .terms
            .iter()
            .zip(tokens)
            .enumerate()
            .all(|(place, (term, token))| {
                let begun = phrase.prefix && place == last && token.term.starts_with(term.as_str());
                begun || token.term == *term
            })
}

/// The window with the most words found in it; of equal ones the first.
fn best(text: &str, found: &[Range<usize>]) -> Range<usize> {
    let mut best = (0, 0..0);
    for start in found {
        let window = window(text, start.start);
        let inside = found
            .iter()
            .filter(|at| window.start <= at.start && at.end <= window.end);
        let count = inside.count();
        if count > best.0 {
            best = (count, window);
        }
    }
    if best.0 == 0 {
        window(text, found.first().map_or(0, |at| at.start))
    } else {
        best.1
    }
}

/// About [`LENGTH`] characters around a place, cut between words where there are spaces.
fn window(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default();
    let lead = before.char_indices().rev().nth(LEAD - 1).map(|(at, _)| at);
    let start = lead.map_or(0, |lead| {
        let space = text
            .get(lead..at)
            .and_then(|part| part.find(char::is_whitespace));
        space.map_or(lead, |space| lead + space)
    });
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.char_indices().nth(LENGTH).map(|(at, _)| at);
    let end = end.map_or(text.len(), |end| {
        let part = rest.get(..end).unwrap_or_default();
        let space = part
            .rfind(char::is_whitespace)
            .filter(|space| start + space > at);
        start + space.unwrap_or(end)
    });
    start..end.max(start)
}

fn write(text: &str, window: Range<usize>, found: &[Range<usize>]) -> String {
    let mut out = String::new();
    if window.start > 0 {
        out.push('…');
    }
    let mut place = window.start;
    let inside = found
        .iter()
        .filter(|at| window.start <= at.start && at.start < window.end);
    for at in inside {
        let end = at.end.min(window.end);
        escape(text.get(place..at.start).unwrap_or_default(), &mut out);
        out.push_str("<mark>");
        escape(text.get(at.start..end).unwrap_or_default(), &mut out);
        out.push_str("</mark>");
        place = end;
    }
    escape(text.get(place..window.end).unwrap_or_default(), &mut out);
    if window.end < text.len() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// White space collapsed; what HTML reads as markup escaped.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            space if space.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, texts: &[&str], expected: &str) {
        assert_eq!(snippet(&Asked::read(query), texts), expected, "{query}");
    }

    #[test]
    fn words_found_are_marked_and_the_rest_is_escaped() {
        check(
            "cafe",
            &["Un <b>Café</b> & \"du\"\n thé"],
            "Un &lt;b&gt;<mark>Café</mark>&lt;/b&gt; &amp; &quot;du&quot; thé",
        );
        check(
            "\"b c\" abc*",
            &["abcd b c d"],
            "<mark>abcd</mark> <mark>b c</mark> d",
        );
        check(
            "本語",
            &["これは日本語です"],
            "これは日<mark>本語</mark>です",
        );
        check("語", &["日本語で"], "日本<mark>語</mark>で");
        check("-x tag:y", &["", "only text"], "only text");
        check(
            "title",
            &["the body", "the title"],
            "the <mark>title</mark>",
        );
        check("x", &[], "");
    }

    #[test]
    fn long_texts_are_cut_around_what_is_found() {
        let text = format!(
            "{}needle and needle {}",
            "hay ".repeat(200),
            "straw ".repeat(200)
        );
        let cut = snippet(&Asked::read("needle"), &[&text]);
        assert!(cut.starts_with("… hay") && cut.ends_with("straw…"), "{cut}");
        assert_eq!(cut.matches("<mark>needle</mark>").count(), 2);
        assert!(cut.chars().count() < LENGTH + 40);
        let long = "語".repeat(1_000);
        assert!(snippet(&Asked::read("nothing"), &[&long]).chars().count() <= LENGTH + 1);
    }
}

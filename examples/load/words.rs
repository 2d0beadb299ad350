//! Texts in words that are as unevenly common as those of a language: the n-th word comes about 1/n as often as the first.
//! In: numbers. Out: the same texts every time. Must not know: tables.

use super::chance::{Chance, STEP};

/// How many words there are.
const WORDS: u64 = 30_000;
const SYLLABLES: [&str; 24] = [
    "ba", "co", "de", "fi", "gu", "ha", "jo", "ka", "le", "mi", "no", "pa", "ro", "su", "te", "va",
    "we", "xi", "yo", "zu", "cha", "ster", "ing", "lor",
];

/// A word, and common ones more often.
fn some_word(chance: &mut Chance) -> String {
    let part = chance.below(1 << 32) as f64 / (1_u64 << 32) as f64;
    word((WORDS as f64).powf(part) as u64)
}

/// The n-th word.
fn word(mut number: u64) -> String {
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[(number % 24) as usize]);
        number /= 24;
        if number == 0 {
            return word;
        }
    }
}

/// What an entry says.
pub struct Text {
    pub title: String,
    pub summary: String,
    pub body: String,
}

impl Text {
    /// The text of the n-th entry.
    pub fn of(entry: u64) -> Self {
        let mut chance = Chance(entry.wrapping_mul(STEP));
        let title = 4 + chance.below(6);
        let mut some = |count: u64| -> String {
            let words: Vec<String> = (0..count).map(|_| some_word(&mut chance)).collect();
            words.join(" ")
        };
        let (title, body) = (some(title), some(80));
        let summary = body.chars().take(160).collect();
        Self {
            title,
            summary,
            body,
        }
    }

    /// Two different words that stand in it.
    pub fn two_words(&self, chance: &mut Chance) -> (&str, &str) {
        let words: Vec<&str> = self.body.split(' ').collect();
        loop {
            let mut one = || words[chance.below(words.len() as u64) as usize];
            let (first, second) = (one(), one());
            if first != second {
                return (first, second);
            }
        }
    }
}

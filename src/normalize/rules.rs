//! An editor's rules on what to show. In: an entry's words and expressions. Out: which rule hides it, if any. Must not
//! know: where rules are stored.
//!
//! Expressions are of the `regex` crate, whose time is linear in the text; what one may cost to compile is bounded.

use entity::{RuleAction, RuleField};
use regex::{Regex, RegexBuilder};

use super::draft::EntryDraft;

/// The largest compiled expression, in bytes.
pub const RULE_SIZE: usize = 1 << 20;

/// Whether an entry passes: some `keep` expression matches its title or a tag (any entry passes when there is none),
/// and no `drop` expression does.
#[must_use]
pub fn passes(draft: &EntryDraft, keep: &[Regex], drop: &[Regex]) -> bool {
    let matches = |rule: &Regex| {
        rule.is_match(&draft.title) || draft.tags.iter().any(|tag| rule.is_match(tag))
    };
    (keep.is_empty() || keep.iter().any(matches)) && !drop.iter().any(matches)
}

/// An expression as rules take it, or what is wrong with it.
///
/// # Errors
/// When it is none, or too large.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(RULE_SIZE).build()
}

/// What of an entry rules can look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its title.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its authors' names.
    pub authors: Vec<String>,
    /// The text of its content; empty where no rule looks at it.
    pub text: String,
    /// Its language.
    pub language: Option<String>,
}

/// Rules that hold together, ready to judge.
#[derive(Clone, Debug, Default)]
pub struct Judge(Vec<(RuleAction, RuleField, Regex)>);

/// Why an entry is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// The rule at this place drops it.
    Dropped(usize),
    /// No rule keeps it; the first of them stands at this place.
    NotKept(usize),
}

impl Hidden {
    /// The rule to be named.
    #[must_use]
    pub const fn rule(self) -> usize {
        match self {
            Self::Dropped(at) | Self::NotKept(at) => at,
        }
    }
}

impl Judge {
    /// A judge by these rules.
    ///
    /// # Errors
    /// The place of the first expression that is none.
    pub fn new<'a>(
        rules: impl IntoIterator<Item = (RuleAction, RuleField, &'a str)>,
    ) -> Result<Self, (usize, regex::Error)> {
        let compiled = rules.into_iter().enumerate().map(|(at, rule)| {
            let (action, field, pattern) = rule;
            let expression = compile(pattern).map_err(|error| (at, error))?;
            Ok((action, field, expression))
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// Whether any rule looks at the text, which costs a read.
    #[must_use]
    pub fn reads_text(&self) -> bool {
        self.0.iter().any(|(_, field, _)| *field == RuleField::Text)
    }

    /// Which rule hides an entry, if any: the first that drops it, or else that none keeps it where some keep.
    #[must_use]
    pub fn judge(&self, subject: &Subject) -> Option<Hidden> {
        let mut first_keep = None;
        let mut is_kept = false;
        for (at, (action, field, expression)) in self.0.iter().enumerate() {
            let matches = || subject.matches(*field, expression);
            match action {
                RuleAction::Drop if matches() => return Some(Hidden::Dropped(at)),
                RuleAction::Drop => {}
                RuleAction::Keep => {
                    first_keep = first_keep.or(Some(at));
                    is_kept = is_kept || matches();
                }
            }
        }
        first_keep.filter(|_| !is_kept).map(Hidden::NotKept)
    }
}

impl Subject {
    fn matches(&self, field: RuleField, expression: &Regex) -> bool {
        let any = |texts: &[String]| texts.iter().any(|text| expression.is_match(text));
        match field {
            RuleField::Title => expression.is_match(&self.title),
            RuleField::Tag => any(&self.tags),
            RuleField::Author => any(&self.authors),
            RuleField::Text => expression.is_match(&self.text),
            RuleField::Language => {
                let language = self.language.as_deref();
                language.is_some_and(|language| expression.is_match(language))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            title: "Python 3.15 released".to_owned(),
            tags: vec!["python".to_owned(), "news".to_owned()],
            authors: vec!["Guido".to_owned()],
            text: "a long text".to_owned(),
            language: Some("en-GB".to_owned()),
        }
    }

    fn judge(rules: &[(RuleAction, RuleField, &str)]) -> Option<Hidden> {
        Judge::new(rules.iter().copied()).unwrap().judge(&subject())
    }

    #[test]
    fn drop_goes_before_keep_and_keep_needs_one_match() {
        use RuleAction::{Drop, Keep};
        use RuleField::{Author, Language, Tag, Text, Title};
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[(Keep, Tag, "^python$")]), None);
        assert_eq!(
            judge(&[(Keep, Tag, "^rust$"), (Keep, Title, "Python")]),
            None
        );
        assert_eq!(judge(&[(Keep, Tag, "^rust$")]), Some(Hidden::NotKept(0)));
        assert_eq!(
            judge(&[(Keep, Tag, "python"), (Drop, Author, "(?i)GUIDO")]),
            Some(Hidden::Dropped(1))
        );
        assert_eq!(judge(&[(Drop, Text, "long")]), Some(Hidden::Dropped(0)));
        assert_eq!(judge(&[(Drop, Language, "^en")]), Some(Hidden::Dropped(0)));
        assert_eq!(judge(&[(Drop, Tag, "^py$")]), None);
    }

    #[test]
    fn what_is_none_or_too_large_is_refused() {
        let bad = Judge::new([
            (RuleAction::Drop, RuleField::Title, "a"),
            (RuleAction::Drop, RuleField::Title, "("),
        ]);
        assert_eq!(bad.unwrap_err().0, 1);
        assert!(compile(r"(\w{1000}){1000}").is_err());
    }
}

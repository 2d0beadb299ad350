//! Reading and checking a file. In: TOML. Out: what it declares, or every mistake with its line. Pure.

use std::collections::HashMap;
use std::fmt;

use entity::{RuleAction, RuleField};
use toml::Spanned;

use super::file::{File, Link, Planet, Rule, Source};
use crate::follow::Refusal;
use crate::follow::check::{
    self, DESCRIPTION_LENGTH, RULE_COUNT, TAG_COUNT, TAG_LENGTH, TITLE_LENGTH,
};
use crate::follow::quoted;
use crate::store::{Declared, DeclaredPlanet, DeclaredSource, NewLink, NewRule, feed_key};

/// Most links beside one planet.
const LINK_COUNT: usize = 500;

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "line {}: {}", self.line, self.message)
    }
}

/// Reads a file.
///
/// # Errors
/// Every mistake, in the order of lines.
pub fn read(text: &str) -> Result<Declared, Vec<Mistake>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![Mistake {
            line: line_of(text, at),
            message: error.message().to_owned(),
        }]
    })?;
    let mut reader = Reader {
        text,
        mistakes: Vec::new(),
    };
    reader.repeats(&file);
    let planets = file
        .planet
        .into_iter()
        .map(|planet| reader.planet(planet))
        .collect();
    let sources = file
        .source
        .into_iter()
        .map(|source| reader.source(source))
        .collect();
    if reader.mistakes.is_empty() {
        return Ok(Declared { planets, sources });
    }
    reader.mistakes.sort_by_key(|mistake| mistake.line);
    Err(reader.mistakes)
}

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            line: line_of(self.text, at.span().start),
            message: message.into(),
        });
    }

    /// A checked value; a mistake gives its default.
    fn check<T, V: Default>(&mut self, at: &Spanned<T>, checked: Result<V, Refusal>) -> V {
        checked.unwrap_or_else(|refusal| {
            self.wrong(at, refusal.message);
            V::default()
        })
    }

    fn line(&mut self, noun: &str, text: &Spanned<String>) -> String {
        self.check(text, check::line(noun, text.get_ref(), TITLE_LENGTH))
    }

    fn page(&mut self, url: &Spanned<String>) -> String {
        self.check(url, check::page(url.get_ref()).map(String::from))
    }

    fn repeats(&mut self, file: &File) {
        let mut slugs: HashMap<&str, usize> = HashMap::new();
        for planet in &file.planet {
            let line = line_of(self.text, planet.slug.span().start);
            if let Some(first) = slugs.insert(planet.slug.get_ref(), line) {
                let slug = quoted(planet.slug.get_ref());
                self.wrong(
                    &planet.slug,
                    format!("the planet {slug} is in line {first} already"),
                );
            }
        }
        let mut urls: HashMap<String, usize> = HashMap::new();
        for source in &file.source {
            let line = line_of(self.text, source.url.span().start);
            if let Some(first) = urls.insert(feed_key(source.url.get_ref()), line) {
                let url = quoted(source.url.get_ref());
                self.wrong(
                    &source.url,
                    format!("the source {url} is in line {first} already"),
                );
            }
        }
    }

    fn planet(&mut self, planet: Planet) -> DeclaredPlanet {
        let description = planet.description.map(|text| {
            let checked = check::text("The description", text.get_ref(), DESCRIPTION_LENGTH);
            self.check(&text, checked)
        });
        if planet.links.len() > LINK_COUNT {
            let refusal = check::too_many("links", planet.links.len(), LINK_COUNT);
            self.wrong(&planet.slug, refusal.message);
        }
        DeclaredPlanet {
            slug: self.check(&planet.slug, check::slug(planet.slug.get_ref())),
            title: self.line("The title", &planet.title),
            description: description.flatten(),
            link: planet.link.map(|link| self.page(&link)),
            owner_name: planet
                .owner
                .map(|owner| self.line("The owner's name", &owner)),
            links: planet.links.iter().map(|link| self.link(link)).collect(),
            rules: self.rules(&planet.slug, &planet.rules),
        }
    }

    fn link(&mut self, link: &Link) -> NewLink {
        NewLink {
            group: self.line("The group", &link.group),
            title: self.line("The title", &link.title),
            url: self.page(&link.url),
        }
    }

    fn rules<T>(&mut self, owner: &Spanned<T>, rules: &[Rule]) -> Vec<NewRule> {
        if rules.len() > RULE_COUNT {
            let refusal = check::too_many("rules", rules.len(), RULE_COUNT);
            self.wrong(owner, refusal.message);
        }
        rules.iter().map(|rule| self.rule(rule)).collect()
    }

    fn rule(&mut self, rule: &Rule) -> NewRule {
        let action = match rule.action.get_ref().as_str() {
            "keep" => RuleAction::Keep,
            "drop" => RuleAction::Drop,
            other => {
                let message = format!("{} is no action; write keep or drop", quoted(other));
                self.wrong(&rule.action, message);
                RuleAction::Drop
            }
        };
        let field = match rule.field.get_ref().as_str() {
            "title" => RuleField::Title,
            "tag" => RuleField::Tag,
            "author" => RuleField::Author,
            "text" => RuleField::Text,
            "language" => RuleField::Language,
            other => {
                let message = format!(
                    "{} is no field; write title, tag, author, text or language",
                    quoted(other)
                );
                self.wrong(&rule.field, message);
                RuleField::Title
            }
        };
        self.check(&rule.pattern, check::rule(rule.pattern.get_ref()));
        NewRule {
            action,
            field,
            pattern: rule.pattern.get_ref().clone(),
            note: rule.note.as_ref().map(|note| self.line("The note", note)),
        }
    }

    fn source(&mut self, source: Source) -> DeclaredSource {
        let feed_url = check::url(source.url.get_ref()).map(String::from);
        let min = source.min_interval_seconds;
        let max = source.max_interval_seconds;
        let interval = |reader: &mut Self, given: &Option<Spanned<i64>>| {
            let given = given.as_ref()?;
            Some(reader.check(given, check::interval(*given.get_ref())))
        };
        let (least, most) = (interval(self, &min), interval(self, &max));
        if let Some(max) = &max {
            self.check(max, check::interval_order(least, most));
        }
        DeclaredSource {
            feed_url: self.check(&source.url, feed_url),
            title: source.title.map(|title| self.line("The title", &title)),
            site_url: source.site.map(|site| self.page(&site)),
            tags: self.tags(&source.url, &source.tags),
            planets: self.planets(&source.planets),
            min_interval_seconds: least,
            max_interval_seconds: most,
            max_age_days: source
                .max_age_days
                .map(|days| self.check(&days, check::age_days(*days.get_ref()))),
            keep: self.expressions(&source.url, &source.keep),
            drop: self.expressions(&source.url, &source.drop),
            rules: self.rules(&source.url, &source.rules),
            paused: source.paused,
        }
    }

    fn tags<T>(&mut self, owner: &Spanned<T>, tags: &[Spanned<String>]) -> Vec<String> {
        if tags.len() > TAG_COUNT {
            let refusal = check::too_many("tags", tags.len(), TAG_COUNT);
            self.wrong(owner, refusal.message);
        }
        let tags = tags.iter();
        tags.map(|tag| self.check(tag, check::line("The tag", tag.get_ref(), TAG_LENGTH)))
            .collect()
    }

    /// In the order in which they are compared.
    fn planets(&mut self, slugs: &[Spanned<String>]) -> Vec<String> {
        let slugs = slugs.iter();
        let mut slugs: Vec<String> = slugs
            .map(|slug| self.check(slug, check::slug(slug.get_ref())))
            .collect();
        slugs.sort_unstable();
        slugs.dedup();
        slugs
    }

    fn expressions<T>(&mut self, owner: &Spanned<T>, list: &[Spanned<String>]) -> Vec<String> {
        if list.len() > RULE_COUNT {
            let refusal = check::too_many("rules", list.len(), RULE_COUNT);
            self.wrong(owner, refusal.message);
        }
        for one in list {
            self.check(one, check::rule(one.get_ref()));
        }
        list.iter().map(|one| one.get_ref().clone()).collect()
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at)
        .map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let mistakes = read(text).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "\
[[planet]]
slug = \"a\"
title = \"A\"
rules = [{ action = \"drop\", field = \"title\", pattern = \"(\" }]

[[planet]]
slug = \"a\"
title = \"\"
link = \"nowhere\"

[[source]]
url = \"ftp://example.org/\"

[[source]]
url = \"https://example.org/feed\"
tags = [\"\"]
max_interval_seconds = 1

[[source]]
url = \"http://example.org/feed/\"
rules = [{ action = \"hide\", field = \"body\", pattern = \"x\" }]
";
        let found = mistakes(text);
        let lines: Vec<&str> = found
            .iter()
            .map(|mistake| mistake.split(':').next().unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                "line 4", "line 7", "line 8", "line 9", "line 12", "line 16", "line 17", "line 20",
                "line 21", "line 21"
            ],
            "{found:#?}"
        );
        assert!(
            found[0].contains("is no regular expression"),
            "{}",
            found[0]
        );
        assert_eq!(found[1], "line 7: the planet \"a\" is in line 2 already");
        assert!(found[7].contains("is in line 15 already"), "{}", found[7]);
    }

    #[test]
    fn keys_that_there_are_not_and_broken_toml_are_told_with_their_line() {
        let found = mistakes("[[source]]\nurl = \"https://a.org/\"\ntitel = \"A\"\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("line 3: unknown field `titel`"),
            "{found:?}"
        );
        assert!(mistakes("\n[[planet]]\nslug = \n")[0].starts_with("line 3: "));
        assert!(mistakes("[[planet]]\nslug = \"a\"\n")[0].contains("missing field `title`"));
    }
}

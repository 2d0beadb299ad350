//! What an editor may say of a source or a planet. In: text and numbers from outside. Out: the checked
//! value, tidied, or a [`Refusal`] that says what is wrong and what to do. Pure. Must not know: who asks.

use entity::UserErrorCode;
use url::Url;

use super::refusal::{Refusal, quoted};
use crate::normalize::rules::compile;

/// The longest URL, in characters.
pub const URL_LENGTH: usize = 2_048;
/// The longest title of a source, planet, link or group, in characters.
pub const TITLE_LENGTH: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_LENGTH: usize = 2_000;
/// The longest tag, in characters.
pub const TAG_LENGTH: usize = 64;
/// Most tags of one source.
pub const TAG_COUNT: usize = 32;
/// The longest rule, in characters.
pub const RULE_LENGTH: usize = 500;
/// Most rules of one kind.
pub const RULE_COUNT: usize = 50;
/// The shortest polling interval that an editor may set, in seconds.
pub const SHORTEST_INTERVAL: i64 = 300;
/// The longest polling interval that an editor may set, in seconds: 30 days.
pub const LONGEST_INTERVAL: i64 = 30 * 24 * 3_600;
/// Most days that `maxAgeDays` may say: a hundred years.
pub const LONGEST_AGE_DAYS: i64 = 36_500;

/// The URL of a feed: as [`page`], without a fragment, since servers never see it. `feed:` addresses, as
/// browsers once wrote them, are read as what they stand for.
///
/// # Errors
/// `INVALID_URL`, or `TOO_LONG` above [`URL_LENGTH`] characters.
pub fn url(text: &str) -> Result<Url, Refusal> {
    let mut url = page(&without_feed_scheme(text.trim()))?;
    url.set_fragment(None);
    Ok(url)
}

/// The URL of a page: absolute, http or https, without credentials (RFC 3986).
///
/// # Errors
/// `INVALID_URL`, or `TOO_LONG` above [`URL_LENGTH`] characters.
pub fn page(text: &str) -> Result<Url, Refusal> {
    let text = text.trim();
    if text.chars().nth(URL_LENGTH).is_some() {
        return Err(too_long("The URL", URL_LENGTH));
    }
    let wrong =
        |why: &str| Refusal::new(UserErrorCode::InvalidUrl, format!("{} {why}", quoted(text)));
    let url = Url::parse(text).map_err(|error| {
        if error == url::ParseError::RelativeUrlWithoutBase && text.contains('.') {
            wrong("is no absolute URL; put https:// in front of it.")
        } else {
            wrong("is no URL; write one such as https://example.org/feed.xml.")
        }
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(
            "is no web address; it must begin with http:// or https://.",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::new(
            UserErrorCode::InvalidUrl,
            "The URL holds a user name or password; leave them out, since it is shown to everyone.",
        ));
    }
    Ok(url)
}

fn without_feed_scheme(text: &str) -> String {
    let after = |prefix: &str| {
        text.get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix))
            .and_then(|_| text.get(prefix.len()..))
    };
    if let Some(rest) = after("feed://") {
        format!("http://{rest}")
    } else if let Some(rest) = after("feed:http") {
        format!("http{rest}")
    } else {
        text.to_owned()
    }
}

/// One line of plain text: `noun` names it in the message. White space is collapsed.
///
/// # Errors
/// `INVALID_VALUE` when nothing is left of it or it holds control characters, `TOO_LONG` above `most` characters.
pub fn line(noun: &str, text: &str, most: usize) -> Result<String, Refusal> {
    let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.is_empty() {
        return Err(invalid(format!(
            "{noun} is empty; write at least one letter."
        )));
    }
    if tidy.chars().any(char::is_control) {
        return Err(invalid(format!(
            "{noun} holds control characters; take them out."
        )));
    }
    if tidy.chars().nth(most).is_some() {
        return Err(too_long(noun, most));
    }
    Ok(tidy)
}

/// A title from outside that nobody can be asked about: tidied and cut to [`TITLE_LENGTH`], none when nothing is left.
#[must_use]
pub fn fitting_line(text: &str) -> Option<String> {
    let spaced = text.replace(char::is_control, " ");
    let tidy = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    (!tidy.is_empty()).then(|| tidy.chars().take(TITLE_LENGTH).collect())
}

/// Plain text of several lines, none when it is blank.
///
/// # Errors
/// `TOO_LONG` above `most` characters, `INVALID_VALUE` for control characters other than line breaks and tabs.
pub fn text(noun: &str, text: &str, most: usize) -> Result<Option<String>, Refusal> {
    let tidy = text.trim();
    if tidy
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
    {
        return Err(invalid(format!(
            "{noun} holds control characters; take them out."
        )));
    }
    if tidy.chars().nth(most).is_some() {
        return Err(too_long(noun, most));
    }
    Ok((!tidy.is_empty()).then(|| tidy.to_owned()))
}

/// The editor's tags of a source, without repeats (upper and lower case do not tell tags apart).
///
/// # Errors
/// The refusal of the first bad tag with its position, or of the list itself with none.
pub fn tags(tags: &[String]) -> Result<Vec<String>, (Option<usize>, Refusal)> {
    if tags.len() > TAG_COUNT {
        return Err((None, too_many("tags", tags.len(), TAG_COUNT)));
    }
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for (at, tag) in tags.iter().enumerate() {
        let tag = line("The tag", tag, TAG_LENGTH).map_err(|refusal| (Some(at), refusal))?;
        let folded = tag.to_lowercase();
        if !kept.iter().any(|known| known.to_lowercase() == folded) {
            kept.push(tag);
        }
    }
    Ok(kept)
}

/// The slug of a planet: `^[a-z0-9][a-z0-9-]{0,62}$`.
///
/// # Errors
/// `INVALID_VALUE`, or `TOO_LONG` above 63 characters.
pub fn slug(text: &str) -> Result<String, Refusal> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || byte == b'-');
    if !fits {
        return Err(invalid(format!(
            "The slug {} may hold only a to z, 0 to 9 and hyphens, and must begin with a letter or digit.",
            quoted(text)
        )));
    }
    if text.len() > 63 {
        return Err(too_long("The slug", 63));
    }
    Ok(text.to_owned())
}

/// Regular expressions that decide which entries are kept. They run in linear time, whatever they are.
///
/// # Errors
/// The refusal of the first bad rule with its position, or of the list itself with none.
pub fn rules(rules: &[String]) -> Result<(), (Option<usize>, Refusal)> {
    if rules.len() > RULE_COUNT {
        return Err((None, too_many("rules", rules.len(), RULE_COUNT)));
    }
    for (at, text) in rules.iter().enumerate() {
        rule(text).map_err(|refusal| (Some(at), refusal))?;
    }
    Ok(())
}

/// One rule.
///
/// # Errors
/// `INVALID_VALUE` when it is empty, no regular expression, or too costly; `TOO_LONG`.
pub fn rule(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(invalid(
            "The rule is empty and would match everything; leave it out.",
        ));
    }
    if text.chars().nth(RULE_LENGTH).is_some() {
        return Err(too_long("The rule", RULE_LENGTH));
    }
    match compile(text) {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => Err(invalid(format!(
            "The rule {} needs too much memory; write smaller repetitions.",
            quoted(text)
        ))),
        Err(error) => Err(invalid(format!(
            "The rule {} is no regular expression: {}.",
            quoted(text),
            last_line(&error.to_string())
        ))),
    }
}

/// The regex crate draws the rule and points at the fault; only its last line says what the fault is.
fn last_line(report: &str) -> String {
    let line = report.lines().last().unwrap_or(report).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// A polling interval in seconds.
///
/// # Errors
/// `INVALID_VALUE` outside [`SHORTEST_INTERVAL`] and [`LONGEST_INTERVAL`].
pub fn interval(seconds: i64) -> Result<i64, Refusal> {
    if (SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&seconds) {
        return Ok(seconds);
    }
    Err(invalid(format!(
        "An interval of {seconds} seconds is not allowed; say {SHORTEST_INTERVAL} (5 minutes) to {LONGEST_INTERVAL} (30 days)."
    )))
}

/// The floor and ceiling of an interval together.
///
/// # Errors
/// `INVALID_VALUE` when the floor is above the ceiling.
pub fn interval_order(least: Option<i64>, most: Option<i64>) -> Result<(), Refusal> {
    match (least, most) {
        (Some(least), Some(most)) if least > most => Err(invalid(format!(
            "The shortest interval of {least} seconds is above the longest of {most}; lower one or raise the other."
        ))),
        _ => Ok(()),
    }
}

/// How old entries may be on the first poll, in days.
///
/// # Errors
/// `INVALID_VALUE` outside 1 to [`LONGEST_AGE_DAYS`].
pub fn age_days(days: i64) -> Result<i64, Refusal> {
    if (1..=LONGEST_AGE_DAYS).contains(&days) {
        return Ok(days);
    }
    Err(invalid(format!(
        "An age of {days} days is not allowed; say 1 to {LONGEST_AGE_DAYS}, or null for all entries."
    )))
}

/// `INVALID_VALUE` with its words.
pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(UserErrorCode::InvalidValue, message)
}

/// `TOO_LONG`: `noun` has more than `most` characters.
#[must_use]
pub fn too_long(noun: &str, most: usize) -> Refusal {
    Refusal::new(
        UserErrorCode::TooLong,
        format!("{noun} is longer than {most} characters; shorten it."),
    )
}

/// `TOO_LONG` for a list: it has `count` elements where `most` are allowed.
#[must_use]
pub fn too_many(nouns: &str, count: usize, most: usize) -> Refusal {
    Refusal::new(
        UserErrorCode::TooLong,
        format!("{count} {nouns} are too many; at most {most} are allowed."),
    )
}

#[cfg(test)]
mod tests;

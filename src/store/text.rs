//! Texts as the tables keep them: comparable forms and JSON lists. In: texts. Out: texts. Pure. Must not
//! know: tables.

use entity::Millis;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, LikeExpr};
use serde::Serialize;
use url::Url;

use super::Backend;
use crate::normalize::{Finding, Rhythm};

/// A feed's URL in the form that is compared: the scheme (http and https are one place), the fragment,
/// credentials and a slash at the path's end are left out, host and port as the URL standard writes them. What is no URL stands
/// for itself.
#[must_use]
pub fn feed_key(url: &str) -> String {
    let Ok(parsed) = Url::parse(url.trim()) else {
        return url.trim().to_owned();
    };
    let Some(host) = parsed.host_str() else {
        return parsed.to_string();
    };
    let mut key = host.trim_end_matches('.').to_owned();
    if let Some(port) = parsed.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    key.push_str(parsed.path().trim_end_matches('/'));
    if let Some(query) = parsed.query() {
        key.push('?');
        key.push_str(query);
    }
    key
}

/// Whether a column holds one of a list of numbers or texts, which `SQLite` is given as one value: a statement with a place
/// for each would be another one for each length, and parsed anew.
pub(super) fn is_among<T: Serialize + Into<Expr>>(
    backend: Backend,
    column: impl IntoColumnRef,
    values: impl IntoIterator<Item = T>,
) -> Expr {
    if backend == Backend::Postgres {
        return Expr::col(column).is_in(values);
    }
    let values: Vec<T> = values.into_iter().collect();
    let list = serde_json::to_string(&values).unwrap_or_else(|_| "[]".to_owned());
    Expr::cust_with_exprs(
        "? IN (SELECT value FROM json_each(?))",
        [Expr::col(column), Expr::value(list)],
    )
}

/// A JSON list of strings as columns keep it; what is none reads as empty.
#[must_use]
pub fn texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The findings that a poll state keeps; what is none reads as empty.
#[must_use]
pub fn findings(json: &str) -> Vec<Finding> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The rhythm that a poll state keeps; what is none reads as no wish at all.
pub(super) fn rhythm(json: &str) -> Rhythm {
    serde_json::from_str(json).unwrap_or_default()
}

/// A rhythm as a column keeps it.
pub(super) fn rhythm_json(rhythm: &Rhythm) -> String {
    serde_json::to_string(rhythm).unwrap_or_else(|_| "{}".to_owned())
}

/// Instants that a column keeps; what is none reads as empty.
pub(super) fn instants(json: &str) -> Vec<Millis> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A list as a column keeps it.
pub(super) fn json<T: Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

/// The host of a URL as a title, for a source that gives none.
pub(super) fn host_title(url: &str) -> String {
    Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| url.to_owned())
}

/// A pattern for LIKE that finds `text` anywhere.
pub(super) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", literal(text))).escape('\\')
}

/// A pattern for LIKE that finds `text` at the beginning.
pub(super) fn beginning(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", literal(text))).escape('\\')
}

/// A text in which LIKE finds no wildcard.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feeds_key_leaves_out_what_does_not_tell_feeds_apart() {
        let key = "example.org/feed?a=1";
        assert_eq!(feed_key("http://Example.org/feed?a=1#top"), key);
        assert_eq!(feed_key("https://example.org:443/feed?a=1"), key);
        assert_eq!(feed_key(" https://me:secret@example.org./feed?a=1"), key);
        assert_eq!(feed_key("https://example.org/feed/?a=1"), key);
        assert_eq!(feed_key("http://example.org:81"), "example.org:81");
        assert_ne!(feed_key("http://example.org/Feed?a=1"), key);
    }

    #[test]
    fn a_search_text_is_never_a_pattern() {
        assert_eq!(literal("50%_\\"), "50\\%\\_\\\\");
    }
}

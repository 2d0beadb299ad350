//! The file's shape. In: TOML. Out: values as they are written, with their places. Must not know: which values are allowed.

use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// `[[planet]]`.
    #[serde(default)]
    pub(super) planet: Vec<Planet>,
    /// `[[source]]`.
    #[serde(default)]
    pub(super) source: Vec<Source>,
}

/// One planet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planet {
    pub(super) slug: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) link: Option<Spanned<String>>,
    pub(super) owner: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) links: Vec<Link>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// A link beside a planet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    pub(super) group: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) url: Spanned<String>,
}

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) action: Spanned<String>,
    pub(super) field: Spanned<String>,
    pub(super) pattern: Spanned<String>,
    pub(super) note: Option<Spanned<String>>,
}

/// One source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) url: Spanned<String>,
    pub(super) title: Option<Spanned<String>>,
    pub(super) site: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) tags: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) planets: Vec<Spanned<String>>,
    pub(super) min_interval_seconds: Option<Spanned<i64>>,
    pub(super) max_interval_seconds: Option<Spanned<i64>>,
    pub(super) max_age_days: Option<Spanned<i64>>,
    #[serde(default)]
    pub(super) keep: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) drop: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    pub(super) paused: Option<bool>,
}

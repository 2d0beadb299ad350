//! Table `source`. Declared and observed.

use sea_orm::entity::prelude::*;

use crate::{FeedFormat, Millis, SourceId, SourceStatus};

/// A feed that is followed. What an editor says stands beside what the publisher says; the editor wins.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: SourceId,
    /// Where it is polled. Unique among sources that are not removed.
    pub feed_url: String,
    /// `feed_url` in the form that is compared; null once removed, so that it can be followed anew.
    pub feed_url_key: Option<String>,
    /// What is shown: the editor's title, or else the feed's own, or else its host.
    pub title: String,
    /// `title` folded for sorting and searching.
    pub title_key: String,
    /// The editor's title.
    pub editor_title: Option<String>,
    /// The feed's own title, plain text.
    pub feed_title: Option<String>,
    /// What is shown: the editor's, or else the feed's own link.
    pub site_url: Option<String>,
    /// The editor's link to the site.
    pub editor_site_url: Option<String>,
    /// The feed's own link to the site.
    pub feed_site_url: Option<String>,
    /// The feed's description, plain text.
    pub description: Option<String>,
    /// BCP 47 tag, as the feed declares it.
    pub language: Option<String>,
    /// The feed's icon or logo.
    pub icon_url: Option<String>,
    /// Hash of the icon that is kept of it, if any.
    pub icon_key: Option<String>,
    /// Format when last read.
    pub format: Option<FeedFormat>,
    /// How it is doing.
    pub status: SourceStatus,
    /// Since when; null since it was first followed.
    pub status_since: Option<Millis>,
    /// The editor's tags, a JSON list of strings.
    pub tags: String,
    /// Never poll more often than this.
    pub min_interval_seconds: Option<i64>,
    /// Never poll more rarely than this.
    pub max_interval_seconds: Option<i64>,
    /// Regular expressions of which one must match, a JSON list.
    pub keep_rules: String,
    /// Regular expressions of which none may match, a JSON list.
    pub drop_rules: String,
    /// On the first poll, leave out entries older than this.
    pub max_age_days: Option<i64>,
    /// Entries stored; kept by every write, so that counting is free.
    pub entry_count: i64,
    /// `published_at` of the newest entry.
    pub latest_entry_at: Option<Millis>,
    /// When an entry was last added, changed or removed.
    pub entries_changed_at: Option<Millis>,
    /// When it was first followed.
    pub created_at: Millis,
    /// When it was removed: the row stays as a tombstone.
    pub removed_at: Option<Millis>,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

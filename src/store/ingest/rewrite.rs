//! Writing over entries that are stored already. In: drafts with their entries. Out: rows, earlier versions, change
//! rows. What is noise or an older copy is left alone. Must not know: how drafts were recognised.

use std::collections::HashMap;

use entity::{
    ChangeKind, EntryId, Millis, enclosure, entry, entry_author, entry_body, entry_print,
    entry_revision, entry_tag,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter,
};

use super::decide::{Changed, How, Plan, Related};
use super::entries::{Stored, Writer, indexed};
use super::judge::{Circumstances, Judged, Print, Verdict, Versions, judge};
use super::old::{self, Old};
use super::prints::{self, Earlier};
use super::row::{self, Rows, Sighting, Why};
use crate::normalize::{EntryDraft, text_key, version};
use crate::store::count::Counts;
use crate::store::packed::pack;
use crate::store::search::index;
use crate::store::write::{NewChange, Tx};

/// Drafts that are stored already, judged, and what judging took.
pub(super) struct Writing {
    judged: Vec<(Changed, Judged)>,
    versions: prints::Known,
}

impl Writing {
    /// Judges what differs.
    pub(super) async fn prepare(
        tx: &Tx,
        sighting: Sighting,
        drafts: &[EntryDraft],
        related: &Related,
        plan: &Plan,
    ) -> Result<Self, DbErr> {
        let ids: Vec<EntryId> = plan.changed.iter().map(|change| change.id).collect();
        let links: HashMap<EntryId, Option<Vec<u8>>> = related
            .likely
            .iter()
            .map(|likely| &likely.known)
            .chain(&related.known)
            .map(|known| (known.id, known.url_key.clone()))
            .collect();
        let versions = prints::load(&tx.db, &ids, &links).await?;
        let circumstances = Circumstances {
            seen: sighting.at,
            brings_news: !plan.new.is_empty(),
            is_rekeyed: plan.is_rekeyed,
            rereads: sighting.why == Why::Reread,
        };
        let none = Earlier::default();
        let judged = judge(drafts, &plan.changed, circumstances, |id| Versions {
            print: versions.prints.get(&id),
            earlier: &versions.earlier.get(&id).unwrap_or(&none).versions,
        });
        Ok(Self {
            judged: plan.changed.iter().copied().zip(judged).collect(),
            versions,
        })
    }

    /// The drafts of which authors and tags are needed.
    pub(super) fn touched<'a>(&self, drafts: &'a [EntryDraft], plan: &Plan) -> Vec<&'a EntryDraft> {
        let written = self.written().map(|(change, _)| change.position);
        plan.new
            .iter()
            .map(|(position, _)| *position)
            .chain(written)
            .filter_map(|position| drafts.get(position))
            .collect()
    }

    fn written(&self) -> impl Iterator<Item = &(Changed, Judged)> {
        self.judged
            .iter()
            .filter(|(_, judged)| matches!(judged.verdict, Verdict::Edit | Verdict::Quiet))
    }
}

/// A stored entry, and the draft that is written over it.
struct Pair<'a> {
    old: &'a Old,
    draft: &'a EntryDraft,
    judged: Judged,
}

impl Writer<'_> {
    /// Writes over the entries that the publisher changed; tells those in which a reader can see it.
    pub(super) async fn change(
        &self,
        drafts: &[EntryDraft],
        writing: &Writing,
        counts: &mut Counts,
        stored: &mut Stored,
    ) -> Result<(), DbErr> {
        let stale = writing
            .judged
            .iter()
            .filter(|(_, judged)| judged.verdict == Verdict::Stale);
        stored.stale = i32::try_from(stale.count()).unwrap_or(i32::MAX);
        let ids: Vec<EntryId> = writing.written().map(|(change, _)| change.id).collect();
        let olds = old::load(&self.tx.db, &ids).await?;
        let mut is_seen_quietly = false;
        for (change, judged) in writing.written() {
            let (Some(old), Some(draft)) = (olds.get(&change.id), drafts.get(change.position))
            else {
                continue;
            };
            let pair = Pair {
                old,
                draft,
                judged: *judged,
            };
            let is_seen = self.rewrite(&pair, &writing.versions, counts).await?;
            let is_told = judged.verdict == Verdict::Edit || self.sighting.why == Why::Reread;
            stored.wrote |= is_seen;
            if is_seen && is_told {
                stored.updated += 1;
                stored
                    .changes
                    .push(self.told(ChangeKind::EntryUpdated, change.id));
            }
            is_seen_quietly |= is_seen && !is_told;
        }
        if is_seen_quietly {
            stored.changes.push(NewChange::other(self.sighting.at));
        }
        self.alias(drafts, writing).await
    }

    /// Writes down the identities under which entries were recognised by something else.
    async fn alias(&self, drafts: &[EntryDraft], writing: &Writing) -> Result<(), DbErr> {
        let rekeyed = writing.judged.iter().filter_map(|(change, _)| {
            let draft = drafts.get(change.position)?;
            (change.how == How::Rekeyed).then_some((change.id, draft.identity))
        });
        let aliases: Vec<_> = rekeyed.collect();
        prints::add_aliases(&self.tx.db, self.sighting.source, &aliases).await
    }

    async fn rewrite(
        &self,
        pair: &Pair<'_>,
        versions: &prints::Known,
        counts: &mut Counts,
    ) -> Result<bool, DbErr> {
        let (old, draft) = (pair.old, pair.draft);
        let mut rows = row::changed_rows(draft, &old.entry, self.sighting.read_at);
        let body = row::body(old.entry.id, &rows);
        let files = row::enclosures(old.entry.id, draft);
        let body_differs = old.body.as_ref() != Some(&body);
        let files_differ = old.enclosures != files;
        let names_differ =
            old.authors != self.names.authors_of(draft) || old.tags != self.names.tags_of(draft);
        let is_seen = row::looks_different(&old.entry, &rows.entry)
            || body_differs
            || files_differ
            || names_differ;
        let is_edit = pair.judged.verdict == Verdict::Edit;
        if is_seen && is_edit && rows.entry.updated_at == old.entry.updated_at {
            rows.entry.updated_at = Some(self.sighting.at);
        }
        if rows.entry != old.entry {
            self.replace_row(&rows).await?;
        }
        self.note_version(pair, versions, is_seen).await?;
        if body_differs {
            self.replace_body(body).await?;
        }
        if files_differ {
            enclosure::Entity::delete_many()
                .filter(enclosure::Column::EntryId.eq(old.entry.id))
                .exec(&self.tx.db)
                .await?;
            self.insert_enclosures(&[(rows.clone(), draft)]).await?;
        }
        if is_seen {
            index(self.tx, &[indexed(&rows, draft)]).await?;
        }
        if names_differ {
            self.unlink_names(old, counts).await?;
            self.link_names(&[(rows, draft)], counts).await?;
        }
        Ok(is_seen)
    }

    /// Keeps the version that was, where an edit can be seen in the next or its link is another, and the print of
    /// the one that is.
    async fn note_version(
        &self,
        pair: &Pair<'_>,
        versions: &prints::Known,
        is_seen: bool,
    ) -> Result<(), DbErr> {
        let old = &pair.old.entry;
        let before = versions.prints.get(&old.id);
        let link = pair.draft.url_key.as_ref().map(<[u8; 16]>::as_slice);
        let is_edit = pair.judged.verdict == Verdict::Edit;
        let is_relinked = self.sighting.why == Why::Visit && old.url_key.as_deref() != link;
        if let Some(before) = before
            && is_seen
            && (is_edit || is_relinked)
        {
            let earlier = versions.earlier.get(&old.id).cloned().unwrap_or_default();
            let revision = revision(pair.old, before, &earlier, self.sighting.at);
            prints::keep(&self.tx.db, revision, &earlier, self.tx.revisions_kept).await?;
        }
        let print = entry_print::Model {
            entry_id: old.id,
            meaning: pair.judged.meaning.to_vec(),
            text_key: text_key(pair.draft).map(|key| key.to_vec()),
            claimed_at: pair
                .judged
                .claimed_at
                .max(before.and_then(|print| print.claimed_at)),
        };
        let is_same = before.is_some_and(|before| {
            before.meaning == print.meaning
                && before.text_key == print.text_key
                && before.claimed_at == print.claimed_at
        });
        if is_same {
            return Ok(());
        }
        prints::replace(&self.tx.db, print).await
    }

    async fn replace_row(&self, rows: &Rows) -> Result<(), DbErr> {
        let mut row = rows.entry.clone().into_active_model().reset_all();
        row.id = NotSet;
        entry::Entity::update_many()
            .set(row)
            .filter(entry::Column::Id.eq(rows.entry.id))
            .exec(&self.tx.db)
            .await?;
        Ok(())
    }

    async fn replace_body(&self, body: entry_body::Model) -> Result<(), DbErr> {
        entry_body::Entity::update_many()
            .col_expr(
                entry_body::Column::ContentHtml,
                Expr::value(body.content_html),
            )
            .col_expr(
                entry_body::Column::ContentText,
                Expr::value(body.content_text),
            )
            .filter(entry_body::Column::EntryId.eq(body.entry_id))
            .exec(&self.tx.db)
            .await?;
        Ok(())
    }

    async fn unlink_names(&self, old: &Old, counts: &mut Counts) -> Result<(), DbErr> {
        for author in &old.authors {
            counts.author(self.sighting.source, *author, -1);
        }
        for (tag, _) in &old.tags {
            counts.tag(*tag, -1);
        }
        entry_author::Entity::delete_many()
            .filter(entry_author::Column::EntryId.eq(old.entry.id))
            .exec(&self.tx.db)
            .await?;
        entry_tag::Entity::delete_many()
            .filter(entry_tag::Column::EntryId.eq(old.entry.id))
            .exec(&self.tx.db)
            .await?;
        Ok(())
    }
}

/// The row of a version that is being replaced.
fn revision(
    old: &Old,
    print: &Print,
    earlier: &Earlier,
    now: Millis,
) -> entry_revision::ActiveModel {
    let html = old
        .body
        .as_ref()
        .and_then(|body| body.content_html.as_deref());
    let version = version(&print.meaning, old.entry.url_key.as_deref());
    entry_revision::ActiveModel {
        id: NotSet,
        entry_id: Set(old.entry.id),
        version: Set(version.to_vec()),
        title: Set(old.entry.title.clone()),
        url: Set(old.entry.url.clone()),
        body: Set(html.map(|html| pack(html.as_bytes()))),
        updated_at: Set(old.entry.updated_at),
        seen_at: Set(earlier.replaced_at.unwrap_or(old.entry.first_seen_at)),
        replaced_at: Set(now),
    }
}

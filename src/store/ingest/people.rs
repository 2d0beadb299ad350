//! Authors: finding or making their rows. In: authors as drafted. Out: keys. One person is one row: by home page in all
//! sources, by name within a source, and by both where only some entries give the home page. Must not know: which
//! entries are new.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{AuthorId, EntryId, SourceId, author, entry_author, source_author};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use super::identities::{Row, lead, merged, rows};
use crate::normalize::{AuthorDraft, EntryDraft, canonical_url, fold};
use crate::store::CHUNK;
use crate::store::count::Counts;
use crate::store::search::reindex;
use crate::store::write::Tx;

/// Who wrote some drafts.
#[derive(Debug, Default)]
pub(super) struct People {
    source: Option<SourceId>,
    /// Home pages that several people of the document share.
    shared: HashSet<String>,
    /// By folded name, the identity of those whose home page is known.
    pages: HashMap<String, String>,
    keys: HashMap<String, AuthorId>,
    /// Whether a row was changed that entries show which are not written now.
    pub(super) changed: bool,
}

impl People {
    /// Finds the rows of those who wrote `touched`, and makes those that are missing; `all` are the drafts of the
    /// document.
    pub(super) async fn resolve(
        tx: &Tx,
        source: SourceId,
        touched: &[&EntryDraft],
        all: &[EntryDraft],
        counts: &mut Counts,
    ) -> Result<Self, DbErr> {
        let mut people = Self {
            source: Some(source),
            shared: shared(all),
            ..Self::default()
        };
        let authors: Vec<&AuthorDraft> = touched.iter().flat_map(|draft| &draft.authors).collect();
        if authors.is_empty() {
            return Ok(people);
        }
        people.learn_pages(tx, &authors, all).await?;
        let mut wanted: BTreeMap<String, &AuthorDraft> = BTreeMap::new();
        for author in &authors {
            // The newest entry stands first, as a rule, and its spelling counts.
            wanted.entry(people.identity(author)).or_insert(author);
        }
        people.merge_names(tx, &wanted, counts).await?;
        let mut known = rows(tx, wanted.keys()).await?;
        let elsewhere = merged(tx, wanted.keys(), &known).await?;
        known.extend(elsewhere);
        people.rename(tx, &wanted, &known).await?;
        let known: HashMap<String, AuthorId> = known
            .into_iter()
            .map(|row| (row.identity, row.id))
            .collect();
        let missing: Vec<(&String, &AuthorDraft)> = wanted
            .iter()
            .filter(|(identity, _)| !known.contains_key(*identity))
            .map(|(identity, author)| (identity, *author))
            .collect();
        people.keys = known;
        people.make(tx, &missing).await?;
        Ok(people)
    }

    /// The authors of a draft, in its order, each once.
    pub(super) fn of(&self, draft: &EntryDraft) -> Vec<AuthorId> {
        let mut found = Vec::new();
        for author in &draft.authors {
            if let Some(id) = self.keys.get(&self.identity(author))
                && !found.contains(id)
            {
                found.push(*id);
            }
        }
        found
    }

    /// A home page tells an author everywhere; a mere name only within its source.
    fn identity(&self, author: &AuthorDraft) -> String {
        let name = fold(&author.name);
        match &author.url {
            Some(url) => {
                let page = canonical_url(url);
                if self.shared.contains(&page) {
                    format!("uri:{page}#{name}")
                } else {
                    format!("uri:{page}")
                }
            }
            None => match self.pages.get(&name) {
                Some(identity) => identity.clone(),
                None => self.by_name(&name),
            },
        }
    }

    fn by_name(&self, name: &str) -> String {
        let source = self.source.map_or(0, |source| source.0);
        format!("name:{source}:{name}")
    }

    /// Who has a home page, in this document or in what is stored of the source; a name that two of them bear tells
    /// neither.
    async fn learn_pages(
        &mut self,
        tx: &Tx,
        authors: &[&AuthorDraft],
        all: &[EntryDraft],
    ) -> Result<(), DbErr> {
        let bare: HashSet<String> = authors
            .iter()
            .filter(|author| author.url.is_none())
            .map(|author| fold(&author.name))
            .collect();
        if bare.is_empty() {
            return Ok(());
        }
        let mut pages: HashMap<String, HashSet<String>> = HashMap::new();
        let given = all.iter().flat_map(|draft| &draft.authors);
        for author in given.filter(|author| author.url.is_some()) {
            let name = fold(&author.name);
            if bare.contains(&name) {
                pages.entry(name).or_default().insert(self.identity(author));
            }
        }
        for (name, identity) in self.stored_pages(tx, &bare).await? {
            pages.entry(name).or_default().insert(identity);
        }
        let only = |(name, identities): (String, HashSet<String>)| {
            let mut identities = identities.into_iter();
            let first = identities.next()?;
            identities.next().is_none().then_some((name, first))
        };
        self.pages = pages.into_iter().filter_map(only).collect();
        Ok(())
    }

    async fn stored_pages(
        &self,
        tx: &Tx,
        names: &HashSet<String>,
    ) -> Result<Vec<(String, String)>, DbErr> {
        let writers = sea_orm::sea_query::Query::select()
            .column(source_author::Column::AuthorId)
            .from(source_author::Entity)
            .and_where(source_author::Column::SourceId.eq(self.source))
            .to_owned();
        author::Entity::find()
            .select_only()
            .columns([author::Column::NameKey, author::Column::Identity])
            .filter(author::Column::Id.in_subquery(writers))
            .filter(author::Column::NameKey.is_in(names.iter().cloned()))
            .filter(author::Column::Url.is_not_null())
            .into_tuple()
            .all(&tx.db)
            .await
    }

    /// Those who were known by their name in this source, and whose home page is known now, become one with it.
    async fn merge_names(
        &mut self,
        tx: &Tx,
        wanted: &BTreeMap<String, &AuthorDraft>,
        counts: &mut Counts,
    ) -> Result<(), DbErr> {
        let with_pages: HashMap<String, &String> = wanted
            .iter()
            .filter(|(identity, _)| identity.starts_with("uri:"))
            .map(|(identity, author)| (self.by_name(&fold(&author.name)), identity))
            .collect();
        if with_pages.is_empty() {
            return Ok(());
        }
        let by_name = rows(tx, with_pages.keys()).await?;
        self.lead_merged(tx, &with_pages, &by_name).await?;
        if by_name.is_empty() {
            return Ok(());
        }
        let targets = by_name
            .iter()
            .filter_map(|row| with_pages.get(&row.identity).copied());
        let targets: Vec<&String> = targets.collect();
        let mut found = rows(tx, targets.iter().copied()).await?;
        let elsewhere = merged(tx, targets.into_iter(), &found).await?;
        found.extend(elsewhere);
        let targets: HashMap<String, AuthorId> = found
            .into_iter()
            .map(|row| (row.identity, row.id))
            .collect();
        for row in by_name {
            let Some(identity) = with_pages.get(&row.identity).copied() else {
                continue;
            };
            self.changed = true;
            if let Some(target) = targets.get(identity) {
                self.move_entries(tx, row.id, *target, counts).await?;
                continue;
            }
            let mut found = author::Entity::update_many()
                .col_expr(author::Column::Identity, Expr::value(identity.as_str()));
            if !row.is_edited {
                let url = wanted.get(identity).and_then(|author| author.url.clone());
                found = found.col_expr(author::Column::Url, Expr::value(url));
            }
            found
                .filter(author::Column::Id.eq(row.id))
                .exec(&tx.db)
                .await?;
        }
        Ok(())
    }

    /// Of those whom an editor merged away under their name, the home page leads to the same author from now on.
    async fn lead_merged(
        &self,
        tx: &Tx,
        with_pages: &HashMap<String, &String>,
        by_name: &[Row],
    ) -> Result<(), DbErr> {
        for row in merged(tx, with_pages.keys(), by_name).await? {
            if let Some(page) = with_pages.get(&row.identity).copied()
                && rows(tx, std::iter::once(page)).await?.is_empty()
            {
                lead(tx, page, row.id).await?;
            }
        }
        Ok(())
    }

    /// Gives an author's entries in this source to another; those in others are there by an editor's wish.
    async fn move_entries(
        &self,
        tx: &Tx,
        from: AuthorId,
        to: AuthorId,
        counts: &mut Counts,
    ) -> Result<(), DbErr> {
        let Some(source) = self.source else {
            return Ok(());
        };
        let moved = entry_author::Entity::update_many()
            .col_expr(entry_author::Column::AuthorId, Expr::value(to))
            .filter(entry_author::Column::AuthorId.eq(from))
            .filter(entry_author::Column::SourceId.eq(source))
            .exec(&tx.db)
            .await?
            .rows_affected;
        let moved = i64::try_from(moved).unwrap_or(i64::MAX);
        if moved > 0 {
            counts.author(source, from, -moved);
            counts.author(source, to, moved);
        }
        Ok(())
    }

    /// A person whose home page stayed and whose name is another now. Where other sources name the person too, the
    /// name stays as it was, or it would go back and forth between them.
    async fn rename(
        &mut self,
        tx: &Tx,
        wanted: &BTreeMap<String, &AuthorDraft>,
        known: &[Row],
    ) -> Result<(), DbErr> {
        let others: Vec<(&Row, &AuthorDraft)> = known
            .iter()
            .filter(|row| row.identity.starts_with("uri:") && !row.identity.contains('#'))
            .filter(|row| !row.is_edited)
            .filter_map(|row| Some((row, *wanted.get(&row.identity)?)))
            .filter(|(row, author)| author.url.is_some() && row.name != author.name)
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let elsewhere: Vec<AuthorId> = source_author::Entity::find()
            .select_only()
            .column(source_author::Column::AuthorId)
            .filter(source_author::Column::AuthorId.is_in(others.iter().map(|(row, _)| row.id)))
            .filter(source_author::Column::SourceId.ne(self.source))
            .into_tuple()
            .all(&tx.db)
            .await?;
        for (row, author) in others {
            if elsewhere.contains(&row.id) {
                continue;
            }
            self.changed = true;
            author::Entity::update_many()
                .col_expr(author::Column::Name, Expr::value(author.name.as_str()))
                .col_expr(author::Column::NameKey, Expr::value(fold(&author.name)))
                .filter(author::Column::Id.eq(row.id))
                .exec(&tx.db)
                .await?;
            reindex(tx, &entries_of(tx, row.id).await?).await?;
        }
        Ok(())
    }

    async fn make(&mut self, tx: &Tx, missing: &[(&String, &AuthorDraft)]) -> Result<(), DbErr> {
        // Sorted, so that two transactions that make the same authors never wait for each other in a circle.
        for chunk in missing.chunks(CHUNK) {
            let rows = chunk.iter().map(|(identity, author)| author::ActiveModel {
                id: NotSet,
                identity: Set((*identity).clone()),
                name: Set(author.name.clone()),
                name_key: Set(fold(&author.name)),
                url: Set(author.url.clone()),
                avatar_url: Set(author.avatar_url.clone()),
                entry_count: Set(0),
                is_edited: Set(false),
            });
            author::Entity::insert_many(rows)
                .on_conflict(
                    OnConflict::column(author::Column::Identity)
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(&tx.db)
                .await?;
        }
        let made = rows(tx, missing.iter().map(|(identity, _)| *identity)).await?;
        self.keys
            .extend(made.into_iter().map(|row| (row.identity, row.id)));
        Ok(())
    }
}

/// Found by the author's name as well, so searched anew under another.
async fn entries_of(tx: &Tx, author: AuthorId) -> Result<Vec<EntryId>, DbErr> {
    entry_author::Entity::find()
        .select_only()
        .column(entry_author::Column::EntryId)
        .filter(entry_author::Column::AuthorId.eq(author))
        .into_tuple()
        .all(&tx.db)
        .await
}

/// The front pages of sites that several people of a document give as their own, as writers of one blog do.
fn shared(drafts: &[EntryDraft]) -> HashSet<String> {
    let mut names: HashMap<String, HashSet<String>> = HashMap::new();
    for author in drafts.iter().flat_map(|draft| &draft.authors) {
        if let Some(url) = &author.url {
            let page = canonical_url(url);
            let is_front = !page.trim_start_matches('/').contains('/');
            if is_front {
                names.entry(page).or_default().insert(fold(&author.name));
            }
        }
    }
    names
        .into_iter()
        .filter(|(_, names)| names.len() > 1)
        .map(|(page, _)| page)
        .collect()
}

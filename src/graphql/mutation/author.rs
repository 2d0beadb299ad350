//! Mutations about authors. In: ids and inputs. Out: a payload with the author as it is now. Must not know: SQL.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{AuthorId, Role};

use super::user_error::{UserError, Wrong, no_such};
use crate::follow::check::{self, TITLE_LENGTH, invalid};
use crate::graphql::author::Author;
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::scalar::Url;
use crate::graphql::services;
use crate::store::{AuthorChanges, MergeAuthors};

/// Most authors named in one call.
const AUTHOR_COUNT: usize = 100;

/// Changes of an author, which later polls leave as they are. Left out: unchanged. Null: taken away.
#[derive(InputObject)]
pub struct UpdateAuthorInput {
    /// The author.
    id: ID,
    /// Plain text, at most 200 characters. May not be null.
    name: MaybeUndefined<String>,
    /// The author's home page.
    url: MaybeUndefined<Url>,
    /// The author's picture.
    avatar_url: MaybeUndefined<Url>,
}

/// An author that was written.
#[derive(SimpleObject)]
pub struct AuthorPayload {
    /// As it is now; null when something was wrong.
    author: Option<Author>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

impl From<Wrong> for AuthorPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            author: None,
            user_errors: wrong.into(),
        }
    }
}

/// Mutations about authors.
#[derive(Default)]
pub struct AuthorMutation;

#[Object]
impl AuthorMutation {
    /// Changes what is shown of an author, now and after later polls. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn update_author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateAuthorInput,
    ) -> Result<AuthorPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let page = |url: Url| check::page(&url.0).map(String::from);
        let key = wrong.key::<AuthorId>(&["input", "id"], &input.id);
        let changes = AuthorChanges {
            name: wrong.change_kept(&["input", "name"], input.name, |name| {
                check::line("The name", &name, TITLE_LENGTH)
            }),
            url: wrong.change(&["input", "url"], input.url, page),
            avatar_url: wrong.change(&["input", "avatarUrl"], input.avatar_url, page),
        };
        let (Some(key), true) = (key, wrong.is_empty()) else {
            return Ok(wrong.into());
        };
        let now = services.clock.now();
        let Some(written) = services.store.update_author(key, &changes, now).await? else {
            return Ok(Wrong::only(&["input", "id"], no_such(key)).into());
        };
        services.bell.ring(written.revision);
        Ok(AuthorPayload {
            author: Some(Author(written.row)),
            user_errors: Vec::new(),
        })
    }

    /// Makes several authors one; their entries and later ones go to `into`. Those that were merged into it before are
    /// passed over. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn merge_authors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The author that stays.")] into: ID,
        #[graphql(desc = "Those that become it; at most 100.")] from: Vec<ID>,
    ) -> Result<AuthorPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        if from.len() > AUTHOR_COUNT {
            wrong.add(
                &["from"],
                check::too_many("authors", from.len(), AUTHOR_COUNT),
            );
            return Ok(wrong.into());
        }
        let key = wrong.key::<AuthorId>(&["into"], &into);
        let others = wrong.keys::<AuthorId>(&["from"], &from);
        let (Some(key), Some(others)) = (key, others) else {
            return Ok(wrong.into());
        };
        if let Some(at) = others.iter().position(|other| *other == key) {
            let refusal = invalid("An author cannot be merged into itself; leave it out.");
            wrong.push(&["from"], Some(at), refusal);
            return Ok(wrong.into());
        }
        let now = services.clock.now();
        match services.store.merge_authors(key, &others, now).await? {
            MergeAuthors::Merged(written) => {
                services.bell.ring(written.revision);
                Ok(AuthorPayload {
                    author: Some(Author(written.row)),
                    user_errors: Vec::new(),
                })
            }
            MergeAuthors::Missing(missing) => {
                if missing.contains(&key) {
                    wrong.add(&["into"], no_such(key));
                }
                for (at, other) in others.iter().enumerate() {
                    if missing.contains(other) {
                        wrong.push(&["from"], Some(at), no_such(*other));
                    }
                }
                Ok(wrong.into())
            }
        }
    }
}

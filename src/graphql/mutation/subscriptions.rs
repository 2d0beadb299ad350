//! Mutations that begin or end background jobs. In: a list of subscriptions, a planet, a job. Out: the
//! job. Must not know: how lists are written, how jobs are worked off.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{JobId, PlanetId, Role, UserErrorCode};

use super::user_error::{UserError, Wrong, no_such};
use super::{asker, owned};
use crate::follow::{Refusal, check};
use crate::graphql::error::Result;
use crate::graphql::job::Job;
use crate::graphql::needs::Needs;
use crate::graphql::word::SubscriptionFormat;
use crate::graphql::{Services, services};
use crate::jobs::{self, ImportWish, MOST_ITEMS};
use crate::parse::subscriptions::{self, Subscriptions};

/// The largest document, in bytes.
const DOCUMENT_SIZE: usize = 5 << 20;

/// A list of subscriptions.
#[derive(InputObject)]
pub struct ImportSubscriptionsInput {
    /// The text of the list; at most 5 MiB and 10,000 feeds.
    document: String,
    /// How it is written.
    #[graphql(default_with = "SubscriptionFormat::Auto")]
    format: SubscriptionFormat,
    /// The planet that its feeds join; the default planet when left out or null.
    planet_slug: Option<String>,
    /// Only count what would be added, is there already, or cannot be followed: nothing is stored but the
    /// job, and nothing is fetched.
    #[graphql(default = false)]
    dry_run: bool,
}

/// An import that has begun.
#[derive(SimpleObject)]
pub struct ImportSubscriptionsPayload {
    /// The job; null when something was wrong.
    job: Option<Job>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A refresh that has begun.
#[derive(SimpleObject)]
pub struct RefreshSourcesPayload {
    /// The job; null when something was wrong.
    job: Option<Job>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A job that is to end.
#[derive(SimpleObject)]
pub struct CancelJobPayload {
    /// The job as it is now; null when something was wrong.
    job: Option<Job>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations that begin or end background jobs.
#[derive(Default)]
pub struct SubscriptionsMutation;

#[Object]
impl SubscriptionsMutation {
    /// Follows every feed of an OPML file, a Planet or Venus config.ini, or a list of URLs, as a background
    /// job. Each feed is stored at once under the list's name for it, is due at once, and counts as done when it
    /// was first polled. A feed that cannot be read is reported among the job's failures and is followed all the
    /// same (status FAILING), since publishers come back; what is no URL is reported and left out. A feed that is
    /// followed already keeps its settings, joins the planet, and counts as alreadyThere. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn import_subscriptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The list.")] input: ImportSubscriptionsInput,
    ) -> Result<ImportSubscriptionsPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let list = wrong.check(&["input", "document"], read(&input));
        let path = ["input", "planetSlug"];
        let planet_id = planet(services, &path, input.planet_slug.as_deref(), &mut wrong).await?;
        owned::refuse_planets(services, &path, planet_id.as_slice(), &mut wrong).await?;
        let mut job = None;
        if let (Some(list), true) = (list, wrong.is_empty()) {
            let planet_id = match planet_id {
                Some(id) => Some(id),
                None => services
                    .store
                    .default_planet()
                    .await?
                    .map(|planet| planet.id),
            };
            let (dry_run, created_by, at) = (input.dry_run, asker(ctx), services.clock.now());
            let wish = ImportWish {
                planet_id,
                dry_run,
                created_by,
                at,
            };
            job = Some(
                jobs::create_import(&services.store, &list, wish)
                    .await?
                    .into(),
            );
        }
        Ok(ImportSubscriptionsPayload {
            job,
            user_errors: wrong.into(),
        })
    }

    /// Polls every source, or a planet's, now, as a background job. Paused and dead sources are left out;
    /// politeness towards hosts holds all the same. Of the job's items, `added` brought something new,
    /// `alreadyThere` did not. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn refresh_sources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The planet whose sources to poll; all sources when left out.")]
        planet_slug: Option<String>,
    ) -> Result<RefreshSourcesPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let planet = planet(
            services,
            &["planetSlug"],
            planet_slug.as_deref(),
            &mut wrong,
        )
        .await?;
        let mut job = None;
        if wrong.is_empty() {
            let now = services.clock.now();
            job = Some(
                jobs::create_refresh(&services.store, planet, asker(ctx), now)
                    .await?
                    .into(),
            );
        }
        Ok(RefreshSourcesPayload {
            job,
            user_errors: wrong.into(),
        })
    }

    /// Ends a job: what is done stays done, the rest is left. A job that has ended already stays as it is.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> Result<CancelJobPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut job = None;
        if let Some(key) = wrong.key::<JobId>(&["id"], &id) {
            match services.store.ask_cancel(key, services.clock.now()).await? {
                Some(row) => {
                    services.bell.ring_job(key);
                    job = Some(row.into());
                }
                None => wrong.add(&["id"], no_such(key)),
            }
        }
        Ok(CancelJobPayload {
            job,
            user_errors: wrong.into(),
        })
    }
}

fn read(input: &ImportSubscriptionsInput) -> Result<Subscriptions, Refusal> {
    if input.document.len() > DOCUMENT_SIZE {
        let message = "The document is larger than 5 MiB; import it in parts.";
        return Err(Refusal::new(UserErrorCode::TooLong, message));
    }
    let unreadable = |message: String| Refusal::new(UserErrorCode::MalformedDocument, message);
    let list = subscriptions::read(&input.document, input.format.into())
        .map_err(|error| unreadable(format!("The document cannot be read, {error}.")))?;
    let count = list.feeds.len() + list.problems.len();
    if list.feeds.is_empty() {
        let why = list.problems.first();
        let why = why.map_or_else(String::new, |problem| {
            format!("; line {}: {}", problem.line, problem.message)
        });
        return Err(unreadable(format!(
            "The document names no feed that could be followed{why}."
        )));
    }
    if count > MOST_ITEMS {
        return Err(check::too_many("lines", count, MOST_ITEMS));
    }
    Ok(list)
}

/// The planet of a slug; none when it was left out, or with a refusal when there is none.
async fn planet(
    services: &Services,
    path: &[&str],
    slug: Option<&str>,
    wrong: &mut Wrong,
) -> Result<Option<PlanetId>> {
    let Some(slug) = slug else {
        return Ok(None);
    };
    let planet = services.store.find_planet(slug).await?;
    if planet.is_none() {
        wrong.add(path, Refusal::not_found("planet", slug));
    }
    Ok(planet.map(|planet| planet.id))
}

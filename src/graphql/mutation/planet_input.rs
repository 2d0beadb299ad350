//! What editors say of planets. In: inputs. Out: checked rows and changes, with refusals added to [`Wrong`].
//! Must not know: what is stored.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::{Millis, SourceId};

use super::user_error::Wrong;
use crate::follow::Refusal;
use crate::follow::check::{self, DESCRIPTION_LENGTH, TITLE_LENGTH};
use crate::graphql::scalar::Url;
use crate::store::{NewLink, NewPlanet, PlanetChanges};

/// Most links beside one planet.
const LINK_COUNT: usize = 500;

/// A link beside a planet.
#[derive(InputObject)]
pub struct PlanetLinkInput {
    /// Heading that it stands under; at most 200 characters.
    group: String,
    /// Text of the link; at most 200 characters.
    title: String,
    /// Where it leads.
    url: Url,
}

/// A new planet.
#[derive(InputObject)]
pub struct CreatePlanetInput {
    /// Short name in URLs: a to z, 0 to 9 and hyphens, at most 63. No other planet may have it.
    slug: String,
    /// Plain text, at most 200 characters.
    title: String,
    /// Plain text, at most 2,000 characters.
    description: Option<String>,
    /// Its home page.
    link: Option<Url>,
    /// Who runs it; at most 200 characters.
    owner_name: Option<String>,
    /// Links beside it, in the order of display; at most 500.
    links: Option<Vec<PlanetLinkInput>>,
    /// The sources in it; at most 1,000.
    pub(super) source_ids: Option<Vec<ID>>,
}

/// Changes of a planet. Left out: unchanged. Null: taken away.
#[derive(InputObject)]
pub struct UpdatePlanetInput {
    /// The planet.
    pub(super) id: ID,
    /// A new short name in URLs; addresses with the former one end. May not be null.
    slug: MaybeUndefined<String>,
    /// Plain text, at most 200 characters. May not be null.
    title: MaybeUndefined<String>,
    /// Plain text, at most 2,000 characters.
    description: MaybeUndefined<String>,
    /// Its home page.
    link: MaybeUndefined<Url>,
    /// Who runs it; at most 200 characters.
    owner_name: MaybeUndefined<String>,
    /// All links beside it, in the order of display; they replace the former ones. At most 500.
    links: MaybeUndefined<Vec<PlanetLinkInput>>,
}

impl CreatePlanetInput {
    /// The row to make of it, with `source_ids` checked elsewhere; none when something is wrong.
    pub(super) fn checked(
        self,
        source_ids: Vec<SourceId>,
        at: Millis,
        wrong: &mut Wrong,
    ) -> Option<NewPlanet> {
        let slug = wrong.check(&["input", "slug"], check::slug(&self.slug));
        let title = wrong.check(&["input", "title"], line("The title", &self.title));
        let description = self.description.map(|text| description(&text));
        let description = wrong.check_given(&["input", "description"], description);
        let link = wrong.check_given(&["input", "link"], self.link.map(|url| page(&url)));
        let owner = self.owner_name.map(|name| line("The owner's name", &name));
        let owner_name = wrong.check_given(&["input", "ownerName"], owner);
        let links = links(&self.links.unwrap_or_default(), wrong);
        if !wrong.is_empty() {
            return None;
        }
        Some(NewPlanet {
            slug: slug?,
            title: title?,
            description: description?.flatten(),
            link: link?,
            owner_name: owner_name?,
            links,
            source_ids,
            at,
        })
    }
}

impl UpdatePlanetInput {
    /// The changes that it asks for; some of them are missing when something is wrong.
    pub(super) fn checked(self, wrong: &mut Wrong) -> PlanetChanges {
        let description = wrong.change(&["input", "description"], self.description, |text| {
            description(&text)
        });
        PlanetChanges {
            slug: wrong.change_kept(&["input", "slug"], self.slug, |slug| check::slug(&slug)),
            title: wrong.change_kept(&["input", "title"], self.title, |title| {
                line("The title", &title)
            }),
            description: description.map(Option::flatten),
            link: wrong.change(&["input", "link"], self.link, |url| page(&url)),
            owner_name: wrong.change(&["input", "ownerName"], self.owner_name, |name| {
                line("The owner's name", &name)
            }),
            links: match self.links {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(Vec::new()),
                MaybeUndefined::Value(given) => Some(links(&given, wrong)),
            },
        }
    }
}

fn line(noun: &str, text: &str) -> Result<String, Refusal> {
    check::line(noun, text, TITLE_LENGTH)
}

fn description(text: &str) -> Result<Option<String>, Refusal> {
    check::text("The description", text, DESCRIPTION_LENGTH)
}

fn page(url: &Url) -> Result<String, Refusal> {
    check::page(&url.0).map(String::from)
}

fn links(given: &[PlanetLinkInput], wrong: &mut Wrong) -> Vec<NewLink> {
    if given.len() > LINK_COUNT {
        wrong.add(
            &["input", "links"],
            check::too_many("links", given.len(), LINK_COUNT),
        );
        return Vec::new();
    }
    let links = given.iter().enumerate();
    links
        .filter_map(|(at, given)| link(given, &at.to_string(), wrong))
        .collect()
}

fn link(given: &PlanetLinkInput, at: &str, wrong: &mut Wrong) -> Option<NewLink> {
    let group = wrong.check(
        &["input", "links", at, "group"],
        line("The group", &given.group),
    );
    let title = wrong.check(
        &["input", "links", at, "title"],
        line("The title", &given.title),
    );
    let url = wrong.check(&["input", "links", at, "url"], page(&given.url));
    Some(NewLink {
        group: group?,
        title: title?,
        url: url?,
    })
}

//! Lists of entries, written without a future for each field: most of what a front page cost was those. In: a selection
//! whose fields are all at hand. Out: the same values that the resolvers give. A selection with any other field goes
//! the usual way, all of it. Must not know: SQL.

use std::any::Any;
use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{enum_value, resolve_list};
use async_graphql::{
    ContextSelectionSet, Lookahead, Name, OutputType, Positioned, ScalarType as _, SelectionField,
    ServerResult, Value, parser::types::Field,
};
use entity::{author, source};

use super::entry::Entry;
use super::page::Edge;
use super::scalar::{DateTime, Url};
use super::{id, word};

type Part<T> = fn(&T) -> Value;
type Parts<T> = Vec<(Name, Part<T>)>;

/// How the entries of a list are written.
#[derive(Clone)]
pub struct Plan(Vec<(Name, Step)>);

#[derive(Clone)]
enum Step {
    Value(Part<Entry>),
    Tags,
    Source(Parts<source::Model>),
    Authors(Parts<author::Model>),
}

impl Plan {
    /// The plan for the fields selected on the items of a list; none when one of them is not at hand.
    #[must_use]
    pub fn of<'a>(items: impl Iterator<Item = SelectionField<'a>>) -> Option<Self> {
        let mut steps: Vec<(Name, Step)> = Vec::new();
        for field in items {
            let key = key(&field)?;
            let known = steps.iter_mut().find(|(name, _)| *name == key);
            match (known, step(&field)?) {
                // The same field twice has one value, with what is selected on either.
                (Some((_, Step::Source(parts))), Step::Source(more)) => add(parts, more),
                (Some((_, Step::Authors(parts))), Step::Authors(more)) => add(parts, more),
                (Some(_), _) => {}
                (None, step) => steps.push((key, step)),
            }
        }
        Some(Self(steps))
    }

    /// Whether the fields selected on a list's items are all at hand: then nothing is shown but what is public.
    #[must_use]
    pub fn fits(items: &Lookahead<'_>) -> bool {
        let mut all = Vec::new();
        for field in items.selection_fields() {
            all.extend(field.selection_set());
        }
        Self::of(all.into_iter()).is_some()
    }

    /// An entry; none when something of it was not fetched.
    fn write(&self, entry: &Entry) -> Option<Value> {
        let mut values = IndexMap::with_capacity(self.0.len());
        for (name, step) in &self.0 {
            let value = match step {
                Step::Value(part) => part(entry),
                Step::Tags => texts(entry.related.tags.as_ref()?),
                Step::Source(parts) => object(parts, entry.related.source.as_deref()?),
                Step::Authors(parts) => {
                    let authors = entry.related.authors.as_ref()?.iter();
                    Value::List(authors.map(|author| object(parts, author)).collect())
                }
            };
            values.insert(name.clone(), value);
        }
        Some(Value::Object(values))
    }
}

/// The name in the answer; none for a field with arguments or directives, which may mean anything.
fn key(field: &SelectionField<'_>) -> Option<Name> {
    let is_bare = field.arguments().is_ok_and(|given| given.is_empty())
        && field.directives().is_ok_and(|given| given.is_empty());
    is_bare.then(|| Name::new(field.alias().unwrap_or(field.name())))
}

fn add<T>(parts: &mut Parts<T>, more: Parts<T>) {
    for (name, part) in more {
        if parts.iter().all(|(known, _)| *known != name) {
            parts.push((name, part));
        }
    }
}

fn step(field: &SelectionField<'_>) -> Option<Step> {
    Some(match field.name() {
        "tags" => Step::Tags,
        "source" => Step::Source(parts(field, of_source)?),
        "authors" => Step::Authors(parts(field, of_author)?),
        name => Step::Value(of_entry(name)?),
    })
}

fn parts<T>(field: &SelectionField<'_>, part: fn(&str) -> Option<Part<T>>) -> Option<Parts<T>> {
    let mut parts = Vec::new();
    for field in field.selection_set() {
        add(&mut parts, vec![(key(&field)?, part(field.name())?)]);
    }
    Some(parts)
}

fn object<T>(parts: &Parts<T>, thing: &T) -> Value {
    let values = parts.iter().map(|(name, part)| (name.clone(), part(thing)));
    Value::Object(values.collect())
}

fn of_entry(name: &str) -> Option<Part<Entry>> {
    let part: Part<Entry> = match name {
        "__typename" => |_| Value::from("Entry"),
        "id" => |entry| Value::String(id::encode(entry.row.id).0),
        "guid" => |entry| text(&entry.row.guid),
        "url" => |entry| url(entry.row.url.as_ref()),
        "title" => |entry| text(&entry.row.title),
        "summary" => |entry| text(&entry.row.summary),
        "language" => |entry| maybe(entry.row.language.as_ref()),
        "publishedAt" => |entry| DateTime(entry.row.published_at).to_value(),
        "dateQuality" => |entry| enum_value(word::DateQuality::from(entry.row.date_quality)),
        "updatedAt" => |entry| time(entry.row.updated_at),
        "firstSeenAt" => |entry| DateTime(entry.row.first_seen_at).to_value(),
        "imageUrl" => |entry| url(entry.row.image_url.as_ref()),
        "commentsUrl" => |entry| url(entry.row.comments_url.as_ref()),
        "wordCount" => |entry| Value::from(entry.row.word_count),
        _ => return None,
    };
    Some(part)
}

fn of_source(name: &str) -> Option<Part<source::Model>> {
    let part: Part<source::Model> = match name {
        "__typename" => |_| Value::from("Source"),
        "id" => |source| Value::String(id::encode(source.id).0),
        "title" => |source| text(&source.title),
        "feedUrl" => |source| text(&source.feed_url),
        "siteUrl" => |source| url(source.site_url.as_ref()),
        "description" => |source| maybe(source.description.as_ref()),
        "language" => |source| maybe(source.language.as_ref()),
        "createdAt" => |source| DateTime(source.created_at).to_value(),
        _ => return None,
    };
    Some(part)
}

fn of_author(name: &str) -> Option<Part<author::Model>> {
    let part: Part<author::Model> = match name {
        "__typename" => |_| Value::from("Author"),
        "id" => |author| Value::String(id::encode(author.id).0),
        "name" => |author| text(&author.name),
        "url" => |author| url(author.url.as_ref()),
        "avatarUrl" => |author| url(author.avatar_url.as_ref()),
        _ => return None,
    };
    Some(part)
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|one| text(one)).collect())
}

fn maybe(value: Option<&String>) -> Value {
    value.map_or(Value::Null, |value| text(value))
}

fn url(value: Option<&String>) -> Value {
    value.map_or(Value::Null, |value| Url(value.clone()).to_value())
}

fn time(value: Option<entity::Millis>) -> Value {
    value.map_or(Value::Null, |at| DateTime(at).to_value())
}

/// The items of a page.
pub struct Nodes<'a, N> {
    edges: &'a [Edge<N>],
    plan: Option<Plan>,
}

impl<'a, N: 'static> Nodes<'a, N> {
    /// The items; `field` is the one that selects on them.
    pub fn new(edges: &'a [Edge<N>], field: &SelectionField<'_>) -> Self {
        let plan = is_entry::<N>().then(|| Plan::of(field.selection_set()));
        Self {
            edges,
            plan: plan.flatten(),
        }
    }
}

impl<N: OutputType + 'static> OutputType for Nodes<'_, N> {
    fn type_name() -> Cow<'static, str> {
        Vec::<N>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<N>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<N>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let nodes = self.edges.iter().map(Edge::item);
        if let Some(plan) = &self.plan {
            let written = nodes.clone().map(|node| plan.write(entry(node)?));
            if let Some(values) = written.collect() {
                return Ok(Value::List(values));
            }
        }
        resolve_list(ctx, field, nodes, Some(self.edges.len())).await
    }
}

/// The items of a page with their cursors.
pub struct Edges<'a, N> {
    edges: &'a [Edge<N>],
    plan: Option<Vec<(Name, EdgeStep)>>,
}

enum EdgeStep {
    Typename,
    Cursor,
    Node(Plan),
}

impl<'a, N: 'static> Edges<'a, N> {
    /// The edges; `field` is the one that selects on them.
    pub fn new(edges: &'a [Edge<N>], field: &SelectionField<'_>) -> Self {
        let plan = is_entry::<N>().then(|| edge_steps(field));
        Self {
            edges,
            plan: plan.flatten(),
        }
    }

    fn write(edge: &Edge<N>, steps: &[(Name, EdgeStep)]) -> Option<Value> {
        let mut values = IndexMap::with_capacity(steps.len());
        for (name, step) in steps {
            let value = match step {
                EdgeStep::Typename => Value::from("EntryEdge"),
                EdgeStep::Cursor => text(edge.place()),
                EdgeStep::Node(plan) => plan.write(entry(edge.item())?)?,
            };
            values.insert(name.clone(), value);
        }
        Some(Value::Object(values))
    }
}

/// A field that stands there twice goes the usual way.
fn edge_steps(field: &SelectionField<'_>) -> Option<Vec<(Name, EdgeStep)>> {
    let mut steps: Vec<(Name, EdgeStep)> = Vec::new();
    for field in field.selection_set() {
        let key = key(&field)?;
        let step = match field.name() {
            "__typename" => EdgeStep::Typename,
            "cursor" => EdgeStep::Cursor,
            "node" => EdgeStep::Node(Plan::of(field.selection_set())?),
            _ => return None,
        };
        if steps.iter().any(|(known, _)| *known == key) {
            return None;
        }
        steps.push((key, step));
    }
    Some(steps)
}

impl<N: OutputType + 'static> OutputType for Edges<'_, N> {
    fn type_name() -> Cow<'static, str> {
        Vec::<Edge<N>>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Edge<N>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Edge<N>>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        if let Some(steps) = &self.plan {
            let written = self.edges.iter().map(|edge| Self::write(edge, steps));
            if let Some(values) = written.collect() {
                return Ok(Value::List(values));
            }
        }
        resolve_list(ctx, field, self.edges, Some(self.edges.len())).await
    }
}

fn is_entry<N: 'static>() -> bool {
    std::any::TypeId::of::<N>() == std::any::TypeId::of::<Entry>()
}

fn entry<N: 'static>(node: &N) -> Option<&Entry> {
    let node: &dyn Any = node;
    node.downcast_ref()
}

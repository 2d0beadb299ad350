//! Which form the answer takes. In: the `Accept` header. Out: one of the forms that we speak, by quality
//! (RFC 9110, section 12.5.1). Must not know: bodies, GraphQL.

/// A form of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json`: what clients from before the specification read.
    Json,
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    GraphqlResponse,
    /// `multipart/mixed`: a subscription as Apollo reads it.
    Multipart,
    /// `text/event-stream`: a stream of the graphql-sse protocol.
    EventStream,
}

impl Form {
    const fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::Multipart => ("multipart", "mixed"),
            Self::EventStream => ("text", "event-stream"),
        }
    }
}

/// The offered form that the client likes best; equal ones in the client's order, then in the offer's.
/// Without a header, anything goes. None when nothing on offer is acceptable.
#[must_use]
pub fn choose(accept: Option<&str>, offers: &[Form]) -> Option<Form> {
    let ranges = ranges(accept.unwrap_or("*/*"));
    let mut best: Option<(Wish, Form)> = None;
    for offer in offers {
        let Some(wish) = wish(&ranges, *offer) else {
            continue;
        };
        if best.is_none_or(|(known, _)| wish.is_better_than(known)) {
            best = Some((wish, *offer));
        }
    }
    best.map(|(_, form)| form)
}

#[derive(Clone, Copy)]
struct Wish {
    /// Thousandths.
    quality: u16,
    place: usize,
}

impl Wish {
    const fn is_better_than(self, other: Self) -> bool {
        self.quality > other.quality || (self.quality == other.quality && self.place < other.place)
    }
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

fn ranges(accept: &str) -> Vec<Range<'_>> {
    accept.split(',').filter_map(range).collect()
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';');
    let (kind, subtype) = parts.next()?.trim().split_once('/')?;
    let quality = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(Some(1000), |(_, value)| quality(value.trim()))?;
    Some(Range {
        kind,
        subtype,
        quality,
    })
}

fn quality(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let thousandths: u16 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let whole: u16 = whole.parse().ok()?;
    Some(
        whole
            .saturating_mul(1000)
            .saturating_add(thousandths)
            .min(1000),
    )
}

/// What the most exact range that covers the form says of it.
fn wish(ranges: &[Range<'_>], form: Form) -> Option<Wish> {
    let (kind, subtype) = form.media();
    let exactness = |range: &Range<'_>| match (range.kind, range.subtype) {
        (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => Some(2),
        (k, "*") if k.eq_ignore_ascii_case(kind) => Some(1),
        ("*", "*") => Some(0),
        _ => None,
    };
    let mut found: Option<(u8, Wish)> = None;
    for (place, range) in ranges.iter().enumerate() {
        let Some(exact) = exactness(range) else {
            continue;
        };
        if found.is_none_or(|(known, _)| exact > known) {
            let quality = range.quality;
            found = Some((exact, Wish { quality, place }));
        }
    }
    found.map(|(_, wish)| wish).filter(|wish| wish.quality > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: &[Form] = &[Form::Json, Form::GraphqlResponse];
    const ALL: &[Form] = &[
        Form::Json,
        Form::GraphqlResponse,
        Form::Multipart,
        Form::EventStream,
    ];

    #[test]
    fn the_form_is_the_one_that_the_client_likes_best() {
        let check = |accept: Option<&str>, expected: Option<Form>| {
            assert_eq!(choose(accept, ANSWERS), expected, "{accept:?}");
        };
        check(None, Some(Form::Json));
        check(Some("*/*"), Some(Form::Json));
        check(Some("application/*"), Some(Form::Json));
        check(Some("Application/JSON; charset=utf-8"), Some(Form::Json));
        check(
            Some("application/graphql-response+json"),
            Some(Form::GraphqlResponse),
        );
        check(
            Some("application/graphql-response+json, application/json;q=0.9"),
            Some(Form::GraphqlResponse),
        );
        check(
            Some("application/json;q=0.2, application/graphql-response+json;q=0.15"),
            Some(Form::Json),
        );
        check(
            Some("application/json;q=0, */*"),
            Some(Form::GraphqlResponse),
        );
        check(Some("text/html"), None);
        check(Some("application/json;q=0"), None);
        check(Some(""), None);
        check(Some(",;/=,"), None);
        check(Some("application/json;q=banana"), None);
    }

    #[test]
    fn a_stream_is_chosen_in_the_clients_order() {
        let apollo = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9";
        assert_eq!(choose(Some(apollo), ALL), Some(Form::Multipart));
        assert_eq!(choose(Some(apollo), ANSWERS), Some(Form::GraphqlResponse));
        assert_eq!(
            choose(Some("text/event-stream"), ALL),
            Some(Form::EventStream)
        );
    }
}

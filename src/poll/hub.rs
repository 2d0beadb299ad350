//! Which hub pushes a feed (`WebSub`, section 4). In: what an answer and its document say. Out: a hub and a topic. Pure.
//! Must not know: how hubs are asked.

use url::Url;

use crate::fetch::Answer;
use crate::normalize::FeedFacts;
use crate::store::{HubNews, Offer};

/// The hub that a feed names, in the headers or else in the document. What names no topic is its own.
#[must_use]
pub fn news(answer: Option<&Answer>, facts: &FeedFacts, feed_url: &str) -> HubNews {
    let links = answer.map_or(&[][..], |answer| &answer.links);
    let linked = |rel: &str| {
        let of_rel = links.iter().filter(|(name, _)| name == rel);
        of_rel.map(|(_, url)| url.to_string()).find(is_web)
    };
    let hub = linked("hub").or_else(|| facts.hubs.iter().find(|url| is_web(url)).cloned());
    let topic = linked("self").or_else(|| facts.self_url.clone().filter(is_web));
    hub.map_or(HubNews::Unnamed, |hub| {
        HubNews::Named(Offer {
            hub,
            topic: topic.unwrap_or_else(|| feed_url.to_owned()),
        })
    })
}

#[expect(clippy::ptr_arg, reason = "what filters give")]
fn is_web(url: &String) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Validators;

    fn answer(links: &[(&str, &str)]) -> Answer {
        let parse = |url: &str| Url::parse(url).unwrap();
        Answer {
            status: 200,
            final_url: parse("https://blog.example/feed"),
            permanent_url: None,
            validators: Validators::default(),
            fresh: None,
            retry_after: None,
            links: links
                .iter()
                .map(|(rel, url)| ((*rel).to_owned(), parse(url)))
                .collect(),
            wire_bytes: 0,
            is_framed: true,
        }
    }

    fn facts(hubs: &[&str], own: Option<&str>) -> FeedFacts {
        FeedFacts {
            hubs: hubs.iter().map(ToString::to_string).collect(),
            self_url: own.map(ToOwned::to_owned),
            ..FeedFacts::default()
        }
    }

    /// Hub and topic, or that there is no hub.
    fn found(links: &[(&str, &str)], facts: &FeedFacts) -> Option<(String, String)> {
        match news(Some(&answer(links)), facts, "https://blog.example/asked") {
            HubNews::Named(Offer { hub, topic }) => Some((hub, topic)),
            _ => None,
        }
    }

    fn pair(hub: &str, topic: &str) -> (String, String) {
        (hub.to_owned(), topic.to_owned())
    }

    #[test]
    fn headers_come_before_the_document() {
        let said = facts(&["https://b.example/"], Some("https://blog.example/b"));
        let links = [
            ("hub", "https://a.example/"),
            ("self", "https://blog.example/a"),
        ];
        assert_eq!(
            found(&links, &said),
            Some(pair("https://a.example/", "https://blog.example/a"))
        );
        assert_eq!(
            found(&[], &said),
            Some(pair("https://b.example/", "https://blog.example/b"))
        );
    }

    #[test]
    fn a_feed_without_a_topic_is_its_own() {
        let said = facts(&["https://b.example/"], None);
        assert_eq!(
            found(&[], &said),
            Some(pair("https://b.example/", "https://blog.example/asked"))
        );
        assert_eq!(found(&[], &facts(&[], Some("https://blog.example/"))), None);
        assert_eq!(found(&[], &facts(&["ftp://b.example/"], None)), None);
    }
}

//! Configurations of Planet and Venus (a section's name is a feed's URL) and of Pluto (its option `feed`
//! is). In: text. Out: feeds. Must not know: other formats.

use entity::{SubscriptionFormat, UserErrorCode};

use super::ini::{self, Section};
use super::{Malformed, Problem, Subscription, Subscriptions, add_tags, feed_url, plain, shorten};

/// Content types by which Venus reads further lists of subscriptions.
const LISTS: [&str; 4] = ["opml", "foaf", "csv", "config"];

/// Reads a configuration.
pub fn read(document: &str) -> Result<Subscriptions, Malformed> {
    let ini = ini::read(document);
    let named = |name: &str| {
        let mut sections = ini.sections.iter();
        sections.find(|section| section.name.eq_ignore_ascii_case(name))
    };
    let defaults = named("DEFAULT");
    let own = named("Planet").or_else(|| named(""));
    let title = own.and_then(|own| own.get("name").or_else(|| own.get("title")));
    let mut read = Subscriptions {
        format: SubscriptionFormat::PlanetIni,
        title: title.and_then(plain),
        feeds: Vec::new(),
        problems: ini.problems,
    };
    for section in &ini.sections {
        match subscription(section, defaults) {
            Some(Ok(feed)) => read.feeds.push(feed),
            Some(Err((code, message))) => read.problems.push(Problem {
                line: section.line,
                text: shorten(&format!("[{}]", section.name)),
                code,
                message,
            }),
            None => {}
        }
    }
    read.problems.sort_by_key(|problem| problem.line);
    if read.feeds.is_empty() && ini.sections.len() < 2 {
        return Err(Malformed {
            line: 1,
            message:
                "a Planet configuration has a section [http://…] for every feed, and this has none"
                    .to_owned(),
        });
    }
    Ok(read)
}

/// The feed that a section names, what is wrong with it, or none: the planet's own section and those of
/// templates and filters are no feeds.
fn subscription(
    section: &Section,
    defaults: Option<&Section>,
) -> Option<Result<Subscription, (UserErrorCode, String)>> {
    let is = |name: &str| section.name.eq_ignore_ascii_case(name);
    if section.name.is_empty() || is("Planet") || is("DEFAULT") {
        return None;
    }
    let option = |name: &str| {
        let inherited = || defaults.and_then(|defaults| defaults.get(name));
        section.get(name).or_else(inherited)
    };
    let of_pluto = section.get("feed").or_else(|| section.get("feed_url"));
    let url = feed_url(of_pluto.unwrap_or(&section.name));
    // Without an address and without a name it is about a template or a filter.
    if url.is_err() && of_pluto.is_none() && section.get("name").is_none() {
        return None;
    }
    if let Some(list) = option("content_type").filter(|kind| LISTS.contains(kind)) {
        let message = format!(
            "this is another list (content_type = {list}), not a feed: import that list by itself"
        );
        return Some(Err((UserErrorCode::NotAFeed, message)));
    }
    let url = url.map_err(|message| (UserErrorCode::InvalidUrl, message));
    Some(url.map(|url| Subscription {
        line: section.line,
        url,
        title: option("name").or_else(|| option("title")).and_then(plain),
        site_url: option("link").and_then(|link| feed_url(link).ok()),
        tags: tags(option("tags").unwrap_or_default()),
    }))
}

fn tags(written: &str) -> Vec<String> {
    let mut tags = Vec::new();
    add_tags(&mut tags, written.split([',', '\n']).filter_map(plain));
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_quotes_and_keep_their_characters() {
        let read = read(
            "[Planet]\nname = Planet Python\n[http://a.org/f]\nname = \"Menno's Musings\"\n\
             [http://b.org/f?a=b&c]\nname = Łukasz Langa\n[http://c.org/]\n",
        )
        .unwrap();
        assert_eq!(read.title.as_deref(), Some("Planet Python"));
        let titles: Vec<Option<&str>> = read.feeds.iter().map(|f| f.title.as_deref()).collect();
        assert_eq!(
            titles,
            [Some("Menno's Musings"), Some("Łukasz Langa"), None]
        );
        assert_eq!(read.feeds[1].url, "http://b.org/f?a=b&c");
        assert_eq!(read.feeds[1].line, 5);
    }

    #[test]
    fn defaults_are_inherited_and_templates_are_no_feeds() {
        let read = read(
            "[DEFAULT]\ntags = one, two words\n[index.html.tmpl]\ndays_per_page = 7\n[feed1]\nname = x\n\
             [http://a.org/f]\n[http://b.org/l.opml]\ncontent_type = opml\n",
        )
        .unwrap();
        assert_eq!(read.feeds.len(), 1);
        assert_eq!(read.feeds[0].tags, ["one", "two words"]);
        let lines: Vec<usize> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [5, 8]);
    }

    #[test]
    fn pluto_names_the_feed_in_an_option() {
        let read = read(
            "title = Planet Ruby\n[lang]\n  title = Ruby\n  link = http://r.org/\n  feed = http://r.org/f\n",
        )
        .unwrap();
        assert_eq!(read.title.as_deref(), Some("Planet Ruby"));
        assert_eq!(read.feeds[0].url, "http://r.org/f");
        assert_eq!(read.feeds[0].title.as_deref(), Some("Ruby"));
        assert_eq!(read.feeds[0].site_url.as_deref(), Some("http://r.org/"));
    }
}

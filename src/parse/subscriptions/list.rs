//! Lists of URLs, one a line, as Newsboat keeps them: `URL "~Name" tag "another tag" # comment`.
//! In: text. Out: feeds. Must not know: other formats.

use entity::{SubscriptionFormat, UserErrorCode};

use super::{Malformed, Problem, Subscription, Subscriptions, add_tags, feed_url, plain, shorten};

/// Reads a list of URLs.
pub fn read(document: &str) -> Result<Subscriptions, Malformed> {
    let mut feeds = Vec::new();
    let mut problems = Vec::new();
    for (line, text) in (1..).zip(document.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with(['#', ';']) || text.starts_with("//") {
            continue;
        }
        match subscription(line, text) {
            Ok(feed) => feeds.push(feed),
            Err(message) => problems.push(Problem {
                line,
                text: shorten(text),
                code: UserErrorCode::InvalidUrl,
                message,
            }),
        }
    }
    match problems.first() {
        Some(first) if feeds.is_empty() => Err(Malformed {
            line: first.line,
            message:
                "this is neither OPML (<opml>…), nor a Planet configuration ([http://…] sections), \
                      nor a list of http or https URLs, one a line"
                    .to_owned(),
        }),
        _ => Ok(Subscriptions {
            format: SubscriptionFormat::UrlList,
            title: None,
            feeds,
            problems,
        }),
    }
}

fn subscription(line: usize, text: &str) -> Result<Subscription, String> {
    let mut words = words(text).into_iter();
    let url = feed_url(&words.next().unwrap_or_default())?;
    let mut title = None;
    let mut tags = Vec::new();
    for word in words {
        match word.strip_prefix('~') {
            Some(name) => title = plain(name),
            None => add_tags(&mut tags, plain(&word)),
        }
    }
    Ok(Subscription {
        line,
        url,
        title,
        site_url: None,
        tags,
    })
}

/// The words of a line, quoted ones without their quotes, up to a comment.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let quoted = rest.strip_prefix('"');
        let (word, after) = match quoted {
            Some(inside) => inside.split_once('"').unwrap_or((inside, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_skipped_and_broken_lines_are_reported_by_number() {
        let read = read(
            "# mine\n\nhttp://a.org/f#x \"~The A\" news \"long tag\" # good\nnonsense here\n; old\nhttps://b.org/",
        )
        .unwrap();
        assert_eq!(read.feeds.len(), 2);
        assert_eq!(read.feeds[0].url, "http://a.org/f#x");
        assert_eq!(read.feeds[0].title.as_deref(), Some("The A"));
        assert_eq!(read.feeds[0].tags, ["news", "long tag"]);
        assert_eq!(read.feeds[1].line, 6);
        assert_eq!(read.problems.len(), 1);
        assert_eq!(read.problems[0].line, 4);
        assert_eq!(read.problems[0].text, "nonsense here");
    }

    #[test]
    fn a_document_without_any_url_is_no_list() {
        assert_eq!(read("# only\n{\"a\": 1}").unwrap_err().line, 2);
        assert_eq!(read("# nothing yet\n").unwrap().feeds, []);
    }
}

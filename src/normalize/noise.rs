//! What changes in a text without anybody having edited it: counters and relative times. In: text. Out: the text
//! without them. A number in prose stays: a phrase is noise only where it stands by itself. Must not know: HTML.

use std::sync::LazyLock;

use regex::Regex;

use super::text;

/// Stands where an element begins or ends that often holds a counter.
pub(super) const EDGE: char = '\u{1e}';
/// A part longer than this says more than a counter, in bytes.
const LONGEST_PART: usize = 80;
/// So does a block longer than this.
const LONGEST_BLOCK: usize = 160;

const NUMBER: &str = r"(?:[+±-]?\d[\d.,'\s\u{a0}\u{202f}]*[kKmM]?\+?|no|zero|one)";
/// What feeds count, in a word that is seldom counted in prose.
const STRONG: &str = r"(?:(?:page|post|total|all|new|unique)[ -]?)*(?:views?|pageviews?|reads|readers|comments?|repl(?:y|ies)|responses?|aufrufe?|ansichten|kommentare?|vues?|lectures|commentaires?|vistas?|visitas?|visualizaciones|comentarios?|comentários?|visualizações|visualizzazioni|letture|commenti|commento|weergaven|reacties|visningar|kommentarer|komentarz[ey]?|wyświetle[nń]\w*|просмотр\w*|комментари\w*|次浏览|次阅读|浏览|阅读|阅读量|条评论|评论|閲覧|回閲覧|コメント|件のコメント|조회|댓글)";
/// What is counted in prose, too: noise only where a block says nothing else.
const WEAK: &str = r"(?:likes?|shares?|points?|votes?|upvotes?|claps?|hits?|visits?|downloads?|reactions?|stars?|retweets?|boosts?|favou?rites?|listens?|plays?|score|karma)";
const AGO: &str = r"(?:(?:about|almost|over|nearly|less than|more than)\s)?(?:\d+|an?|one|two|three|a few|few)\s?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|mo|months?|y|years?)\s+ago|just now|moments? ago|yesterday|vor\s(?:\d+|eine[rmn]?|wenigen)\s\w+|il y a\s(?:\d+|une?|quelques)\s\w+|hace\s(?:\d+|una?|unos|unas)\s\w+|há\s(?:\d+|uma?)\s\w+|\d+\s\w+\s(?:fa|назад|geleden|sedan|siden|atrás|temu)|\d+\s?(?:秒|分|分钟|時間|小时|天|日|周|週間|个月|か月|ヶ月|年)前";
const VERB: &str = r"(?:(?:last\s)?(?:posted|published|updated|submitted|added|written|edited|modified|asked|answered|active|seen|shared|created|veröffentlicht|aktualisiert|publié|publicado|опубликовано))";

/// A footer that says when or how fast a page was made.
const MADE: &str = r"(?:this\s)?(?:page|feed|list)?\s?(?:was\s)?(?:last\s)?(?:generated|rendered|retrieved|fetched|cached|refreshed)\b[^!?\d]{0,30}\d[\d.:,\sTZ/+-]*(?:s|ms|secs?|seconds?|am|pm|utc|gmt)?";

/// Every noise has a number in it, or one of these.
const HINT: &str = r"(?i)\p{N}|ago|now|yesterday|no |one |zero|vor |il y a|hace |há | fa|назад";

struct Patterns {
    strong: Regex,
    any: Regex,
    hint: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let counted = |what: &str| {
        format!(r"(?:#?\s?{NUMBER}\s?(?:new\s)?{what}|#?\s?{what}\s?[:：=(#-]?\s?{NUMBER}\)?)")
    };
    let by = r"(?:\s?\b(?:by|von|par|por)\s[^.!?\d]{1,40})?";
    let after = r"(?:\s(?:by|von|par|por|in|on|via|to)\s[^.!?\d]{1,40})?";
    let time = format!(r"(?:{VERB}?{by}[\s:,-]*)?(?:{AGO}){after}");
    let alone = |phrase: &str| {
        let whole = format!(
            r"(?i)^[\W_]*(?:{phrase})(?:[\s,;/&+·|-]*(?:\band\b|\bund\b)?\s*(?:{phrase}))*[\W_]*$"
        );
        Regex::new(&whole).ok()
    };
    let strong = counted(STRONG);
    let weak = counted(WEAK);
    Some(Patterns {
        strong: alone(&strong)?,
        any: alone(&format!("{strong}|{weak}|{time}|{MADE}"))?,
        hint: Regex::new(HINT).ok()?,
    })
});

/// A block of text without what changes by itself, white space collapsed. A block that holds nothing else is empty.
pub(super) fn quiet(block: &str) -> String {
    let Some(patterns) = PATTERNS.as_ref() else {
        return text::collapse(block);
    };
    if block.len() <= LONGEST_BLOCK && patterns.hint.is_match(block) {
        let mut said = cut(block, SENTENCES).filter(|part| says_something(part));
        if said.all(|part| patterns.any.is_match(part)) {
            return String::new();
        }
    }
    let is_counter = |part: &str| part.len() <= LONGEST_PART && patterns.strong.is_match(part);
    let mut kept = String::with_capacity(block.len());
    for sentence in cut(block, SENTENCES) {
        if is_bar(sentence) || is_counter(sentence) {
            kept.push(' ');
            continue;
        }
        for part in cut(sentence, BRACKETS) {
            // A sentence in one part was looked at.
            let is_noise = part.len() < sentence.len() && is_counter(part);
            kept.push_str(if is_noise { " " } else { part });
        }
    }
    text::collapse(&kept)
}

fn says_something(part: &str) -> bool {
    part.chars().any(char::is_alphanumeric)
}

/// Whether a part is nothing but what stands between others.
fn is_bar(part: &str) -> bool {
    part.chars()
        .all(|c| c.is_whitespace() || matches!(c, '|' | '·' | '•' | '∙' | EDGE))
}

/// The text of an element that is called a counter: its digits say nothing.
pub(super) fn counter(text: &str) -> String {
    if text.len() > LONGEST_PART {
        return text.to_owned();
    }
    text.chars().filter(|c| !c.is_numeric()).collect()
}

/// Whether a class or id says that an element counts something.
pub(super) fn is_counter_name(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "views",
        "view-count",
        "viewcount",
        "views-count",
        "post-views",
        "hits",
        "counter",
        "count",
        "comment-count",
        "comments-count",
        "comments-link",
        "likes",
        "like-count",
        "share-count",
        "shares",
        "timeago",
        "time-ago",
        "relative-time",
        "reads",
        "read-count",
        "votes",
        "score",
    ];
    name.split_ascii_whitespace().any(|word| {
        let word = word.to_ascii_lowercase().replace('_', "-");
        NAMES.contains(&word.as_str())
    })
}

/// Where a text may be cut, and where it is.
#[derive(Clone, Copy)]
struct Cuts {
    /// Whether a character that begins with this byte is looked at.
    may: fn(u8) -> bool,
    /// Before this character.
    before: fn(char) -> bool,
    /// After this character, which another follows.
    after: fn(char, Option<char>) -> bool,
}

/// Text cut in parts, none of them empty.
fn cut(text: &str, cuts: Cuts) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut from = 0;
        let length = loop {
            let tail = rest.as_bytes().get(from..)?;
            let Some(at) = tail.iter().position(|byte| (cuts.may)(*byte)) else {
                break rest.len();
            };
            let mut marks = rest.get(from + at..)?.chars();
            let (c, next) = (marks.next()?, marks.next());
            let end = from + at + c.len_utf8();
            if from + at > 0 && (cuts.before)(c) {
                break from + at;
            }
            if (cuts.after)(c, next) {
                break end;
            }
            from = end;
        };
        let (part, after) = rest.split_at_checked(length)?;
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Where a sentence ends, or what stands between bars or within an element apart.
const SENTENCES: Cuts = Cuts {
    may: |byte| matches!(byte, b'.' | b'!' | b'?' | b'|' | 0x1e | 0xc2 | 0xe2 | 0xe3),
    before: |c| c == EDGE,
    after: |c, next| {
        let is_stop = matches!(c, '.' | '!' | '?' | '…') && next.is_some_and(char::is_whitespace);
        is_stop || matches!(c, '|' | '·' | '•' | '∙' | '。' | EDGE)
    },
};

/// Around what stands in brackets.
const BRACKETS: Cuts = Cuts {
    may: |byte| matches!(byte, b'(' | b'[' | b')' | b']'),
    before: |c| matches!(c, '(' | '['),
    after: |c, _| matches!(c, ')' | ']'),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_relative_times_are_noise() {
        for block in [
            "1,234 views",
            "123 Views | 5 comments",
            "Comments (5)",
            "# Comments: 3",
            "Points: 12",
            "3 hours ago",
            "Posted 2 days ago by Ann",
            "posted by Ann 5 min ago",
            "Views: 1.2k",
            "No comments",
            "vor 3 Stunden",
            "il y a 5 minutes",
            "3 часа назад",
            "5分前",
            "12 просмотров",
            "3 likes, 4 shares",
            "just now",
            "(17 comments)",
            "Aufrufe: 12",
            "By Ann, 3 hours ago",
            "Votes: +12",
            "Page generated in 0.034 seconds.",
            "Generated at 2026-01-01 10:32:15 UTC",
        ] {
            assert_eq!(quiet(block), "", "{block}");
        }
    }

    #[test]
    fn counters_at_the_end_of_a_text_are_noise() {
        let long = "The shop is open again.";
        for tail in [
            "123 views",
            "(5 comments)",
            "· 3 replies",
            "\u{1e}Comments: 7\u{1e}",
        ] {
            assert_eq!(quiet(&format!("{long} {tail}")), long, "{tail}");
        }
    }

    #[test]
    fn numbers_in_prose_stay() {
        for prose in [
            "The festival had 500 visitors.",
            "The video got 1,234 views in a day.",
            "We started 3 years ago in a garage.",
            "They won with 12 points.",
            "He read 3 comments aloud.",
            "Version 1.2.3 is out.",
            "It costs 12 euros (15 points were given).",
            "The shop opened 3 years ago.",
            "The plant generated 300 megawatts.",
            "In London yesterday it rained.",
        ] {
            assert_eq!(quiet(prose), prose);
        }
    }
}

//! What queries mean.

use proptest::prelude::*;

use super::*;

fn words(terms: &[&str]) -> Part {
    Part::Words(Phrase {
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        prefix: false,
    })
}

#[test]
fn words_phrases_and_groups() {
    let asked = Asked::read(r#"Rust async OR "tokio runtime" -go NOT java AND web"#);
    assert_eq!(
        asked.groups,
        [
            vec![words(&["rust"])],
            vec![words(&["async"]), words(&["tokio", "runtime"])],
            vec![words(&["web"])],
        ]
    );
    assert_eq!(asked.without, [words(&["go"]), words(&["java"])]);
    assert_eq!(Asked::read("e-mail").groups, [[words(&["e", "mail"])]]);
    assert_eq!(
        Asked::read("a OR OR b OR").groups,
        [[words(&["a"]), words(&["b"])]]
    );
    assert_eq!(Asked::read("OR a").groups, [[words(&["a"])]]);
    assert_eq!(
        Asked::read("say \"not closed").groups,
        [[words(&["say"])], [words(&["not", "closed"])]]
    );
}

#[test]
fn beginnings() {
    let prefix = |query| match &Asked::read(query).groups[0][0] {
        Part::Words(phrase) => phrase.prefix,
        other => panic!("{other:?}"),
    };
    assert!(prefix("prog*") && prefix("\"rust prog\"*") && prefix("語"));
    assert!(!prefix("p*") && !prefix("pr*") && !prefix("日本") && !prefix("prog"));
    let many = Asked::read("aaa* bbb* ccc* ddd*");
    let prefixes = many.groups.iter().flatten().filter(|part| part.is_prefix());
    assert_eq!(prefixes.count(), MOST_PREFIXES);
    assert_eq!(Asked::read("日本語").groups, [[words(&["日本", "本語"])]]);
}

#[test]
fn fields_and_dates() {
    let asked = Asked::read(
        "Author:ann tag:\"Open Source\" source:planet -tag:go after:2024-03 before:2024-04-02",
    );
    assert_eq!(
        asked.groups,
        [
            vec![Part::Author(Phrase {
                terms: vec!["ann".into()],
                prefix: false
            })],
            vec![Part::Tag {
                tag: "\u{e004}open\u{e006}source".into(),
                prefix: false
            }],
            vec![Part::Source("planet".into())],
        ]
    );
    assert_eq!(
        asked.without,
        [Part::Tag {
            tag: "\u{e004}go".into(),
            prefix: false
        }]
    );
    assert_eq!(asked.from, Some(Millis(1_709_251_200_000)));
    assert_eq!(asked.before, Some(Millis(1_712_016_000_000)));
    assert_eq!(
        Asked::read("before:soon").groups,
        [[words(&["before", "soon"])]]
    );
    assert_eq!(
        Asked::read("-before:2024").from,
        Some(Millis(1_704_067_200_000))
    );
    assert_eq!(
        Asked::read("tag: author:").groups,
        [[words(&["tag"])], [words(&["author"])]]
    );
}

#[test]
fn nothing_is_nothing() {
    for query in [
        "",
        " ",
        "!!",
        "\"",
        "\"\"",
        "--",
        "-",
        "*",
        "OR",
        "\u{0}",
        "()",
        "tag:\"\"",
        "AND NOT OR",
    ] {
        assert!(
            Asked::read(query).is_nothing(),
            "{query:?}: {:?}",
            Asked::read(query)
        );
    }
    assert!(Asked::read(&"a ".repeat(10_000)).groups.len() <= MOST_PARTS);
}

proptest! {
    #[test]
    fn anything_can_be_read(query in "\\PC*") {
        let _ = Asked::read(&query);
    }

    #[test]
    fn operators_can_stand_anywhere(parts in proptest::collection::vec("(\"|-|OR|AND|NOT|\\*|tag:|before:|a|日|\\(|:|\u{0}|🏃| )", 0..40)) {
        let _ = Asked::read(&parts.concat());
    }
}

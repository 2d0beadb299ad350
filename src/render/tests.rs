//! Whatever is stored, what is written is XML 1.0 and JSON.

use entity::Millis;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::feed::{File, Head, Item, Origin, Person};
use super::rss::Style;
use super::{atom, json, opml, rss};

fn head(text: &str) -> Head {
    let url: url::Url = "http://a.example/x".parse().unwrap();
    Head {
        id: text.to_owned(),
        title: text.to_owned(),
        description: Some(text.to_owned()),
        home: url.clone(),
        this: url.clone(),
        current: Some(url.clone()),
        previous: Some(url.clone()),
        next: Some(url),
        updated: Millis(i64::MAX),
        owner: text.to_owned(),
    }
}

fn item(text: &str, number: i64) -> Item {
    let text = || text.to_owned();
    Item {
        id: text(),
        url: Some(format!("http://a.example/{}", text())),
        title: text(),
        summary: text(),
        html: (number % 2 == 0).then(text),
        language: Some(text()),
        published: Millis(number),
        updated: Millis(number),
        authors: vec![Person {
            name: text(),
            url: Some(text()),
        }],
        tags: vec![text()],
        files: vec![File {
            url: format!("http://a.example/{}", text()),
            mime_type: Some(text()),
            bytes: Some(number),
            seconds: Some(number),
            title: Some(text()),
        }],
        image: Some(text()),
        comments: Some(text()),
        origin: Some(Origin {
            title: text(),
            feed_url: format!("http://a.example/{}", text()),
            site_url: Some(text()),
            updated: Millis(number),
        }),
    }
}

/// Panics unless a text is well-formed and has only characters that XML 1.0 allows.
fn check_xml(text: &str) {
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "{text:?}");
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(start) => {
                depth += 1;
                start
                    .attributes()
                    .for_each(|attribute| drop(attribute.unwrap()));
            }
            Event::Empty(start) => start
                .attributes()
                .for_each(|attribute| drop(attribute.unwrap())),
            Event::End(_) => depth -= 1,
            Event::Text(text) => assert!(!text.xml10_content().contains("]]>")),
            Event::GeneralRef(name) => {
                let name = name.xml10_content();
                quick_xml::escape::unescape(&format!("&{name};")).unwrap();
            }
            _ => {}
        }
    }
    assert_eq!(depth, 0);
}

proptest! {
    #[test]
    fn any_bytes_give_well_formed_documents(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        odd in "[\\x00-\\x1f\u{7f}-\u{9f}\u{fffe}\u{ffff}<>&'\"\\]]{0,40}",
        number in any::<i64>(),
    ) {
        let text = format!("{}{odd}", String::from_utf8_lossy(&bytes));
        let (head, item) = (head(&text), item(&text, number));
        check_xml(&format!("{}{}{}", atom::head(&head), atom::item(&item), atom::FOOT));
        for style in [Style::Full, Style::Titles] {
            check_xml(&format!("{}{}{}", rss::head(&head), rss::item(&item, style), rss::FOOT));
        }
        let outline = opml::Outline {
            feed_url: text.clone(),
            title: text.clone(),
            site_url: Some(text.clone()),
            tags: vec![text.clone()],
        };
        check_xml(&opml::write(&text, &[outline]));
        let both = json::item(&item, true) + &json::item(&item, false);
        let document = format!("{}{both}{}", json::head(&head), json::FOOT);
        let read: serde_json::Value = serde_json::from_str(&document).unwrap();
        prop_assert_eq!(&read["items"][1]["title"].as_str().unwrap_or_default(),
            &(if text.trim().is_empty() { "" } else { text.as_str() }));
    }
}

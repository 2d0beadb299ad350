//! What [`super`] takes and refuses.

use super::*;

fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>) -> (UserErrorCode, String) {
    let refusal = result.unwrap_err();
    (refusal.code, refusal.message)
}

#[test]
fn urls_are_tidied() {
    let tidy = |text| url(text).unwrap().to_string();
    assert_eq!(
        tidy(" HTTPS://Example.org/a b#part "),
        "https://example.org/a%20b"
    );
    assert_eq!(tidy("feed://example.org/x"), "http://example.org/x");
    assert_eq!(tidy("FEED:https://example.org/x"), "https://example.org/x");
    assert_eq!(tidy("http://exämple.org"), "http://xn--exmple-cua.org/");
    assert_eq!(
        page("http://a.org/b#c").unwrap().as_str(),
        "http://a.org/b#c"
    );
}

#[test]
fn what_is_no_web_address_is_refused_with_a_way_out() {
    for (text, message) in [
        (
            "",
            "\"\" is no URL; write one such as https://example.org/feed.xml.",
        ),
        (
            "example.org/feed",
            "\"example.org/feed\" is no absolute URL; put https:// in front of it.",
        ),
        (
            "http://",
            "\"http://\" is no URL; write one such as https://example.org/feed.xml.",
        ),
        (
            "ftp://example.org/",
            "\"ftp://example.org/\" is no web address; it must begin with http:// or https://.",
        ),
        (
            "javascript:alert(1)",
            "\"javascript:alert(1)\" is no web address; it must begin with http:// or https://.",
        ),
        (
            "https://me:secret@example.org/",
            "The URL holds a user name or password; leave them out, since it is shown to everyone.",
        ),
    ] {
        assert_eq!(
            refused(url(text)),
            (UserErrorCode::InvalidUrl, message.to_owned()),
            "{text}"
        );
    }
    let long = format!("https://example.org/{}", "a".repeat(URL_LENGTH));
    assert_eq!(
        refused(url(&long)),
        (
            UserErrorCode::TooLong,
            "The URL is longer than 2048 characters; shorten it.".to_owned()
        )
    );
}

#[test]
fn lines_lose_spare_white_space_only() {
    assert_eq!(
        line("The title", "  Zoë\n  writes ", 10).unwrap(),
        "Zoë writes"
    );
    assert_eq!(
        refused(line("The title", " \t", 10)),
        (
            UserErrorCode::InvalidValue,
            "The title is empty; write at least one letter.".to_owned()
        )
    );
    assert_eq!(
        refused(line("The title", "a\u{7}b", 10)),
        (
            UserErrorCode::InvalidValue,
            "The title holds control characters; take them out.".to_owned()
        )
    );
    assert_eq!(
        refused(line("The title", "12345678901", 10)),
        (
            UserErrorCode::TooLong,
            "The title is longer than 10 characters; shorten it.".to_owned()
        )
    );
}

#[test]
fn titles_of_lists_are_made_to_fit() {
    assert_eq!(fitting_line("a\u{7}b\n c").as_deref(), Some("a b c"));
    assert_eq!(fitting_line("\0 "), None);
    assert_eq!(fitting_line(&"ä".repeat(300)), Some("ä".repeat(200)));
}

#[test]
fn tags_are_told_apart_without_case() {
    let list = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        tags(&list(&["Python", "python ", "web"])).unwrap(),
        list(&["Python", "web"])
    );
    let (at, refusal) = tags(&list(&["a", " "])).unwrap_err();
    assert_eq!((at, refusal.code), (Some(1), UserErrorCode::InvalidValue));
    let (at, refusal) = tags(&vec!["a".to_owned(); 33]).unwrap_err();
    assert_eq!(
        (at, refusal.message.as_str()),
        (None, "33 tags are too many; at most 32 are allowed.")
    );
}

#[test]
fn slugs_have_one_form() {
    for good in ["python", "0", "a-b-", &"a".repeat(63)] {
        assert_eq!(slug(good).unwrap(), good);
    }
    for bad in ["", "-a", "Python", "a b", "ä", "a_b"] {
        assert_eq!(refused(slug(bad)).0, UserErrorCode::InvalidValue, "{bad}");
    }
    assert_eq!(refused(slug(&"a".repeat(64))).0, UserErrorCode::TooLong);
}

#[test]
fn rules_must_be_small_regular_expressions() {
    assert_eq!(rules(&["(?i)^python|django$".to_owned()]), Ok(()));
    let message = |rule: &str| rules(&["a".to_owned(), rule.to_owned()]).unwrap_err();
    assert_eq!(
        message("(").1.message,
        "The rule \"(\" is no regular expression: unclosed group."
    );
    assert_eq!(message("(").0, Some(1));
    assert_eq!(
        message(r"(\w{500}){500}").1.message,
        r#"The rule "(\w{500}){500}" needs too much memory; write smaller repetitions."#
    );
    assert_eq!(message(" ").1.code, UserErrorCode::InvalidValue);
    assert_eq!(message(&"a".repeat(501)).1.code, UserErrorCode::TooLong);
    assert_eq!(rules(&vec!["a".to_owned(); 51]).unwrap_err().0, None);
}

#[test]
fn intervals_have_a_floor_a_ceiling_and_an_order() {
    assert_eq!(interval(300), Ok(300));
    assert_eq!(interval(2_592_000), Ok(2_592_000));
    assert_eq!(refused(interval(299)).0, UserErrorCode::InvalidValue);
    assert_eq!(refused(interval(2_592_001)).0, UserErrorCode::InvalidValue);
    assert_eq!(interval_order(Some(300), Some(300)), Ok(()));
    assert_eq!(interval_order(None, Some(300)), Ok(()));
    assert_eq!(
        refused(interval_order(Some(600), Some(300))).1,
        "The shortest interval of 600 seconds is above the longest of 300; lower one or raise the other."
    );
    assert_eq!(refused(age_days(0)).0, UserErrorCode::InvalidValue);
}

//! What needs no tree, what does, and that nothing comes out otherwise than from the sanitiser.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn same(html: &str) -> bool {
    let Some(clean) = clean(html) else {
        return false;
    };
    assert_eq!(clean, sanitize::clean_by_tree(html), "{html:?}");
    true
}

#[test]
fn what_editors_write_needs_no_tree() {
    for html in [
        "",
        "plain text, \"quoted\" &amp; more > less",
        "<p>One <b>two</b> <i>three</i>.</p>\n<p>Four<br>five<br />six</p>",
        "<p class=\"x\" style=\"color:red\"><a href=\"https://e.org/?a=1&amp;b=2\" target=\"_blank\" rel=\"me\">x</a></p>",
        "<a href='/relative?a=1&b=2' title='\"q\"'>x</a>",
        "<figure><img src=\"a.png\" alt=\"A &#8217; b\" width=\"10\" srcset=\"a.png 1x, b.png 2x\"/><figcaption>x</figcaption></figure>",
        "<ul><li>a<ul><li>b</li></ul></li> <li><p>c</p></li></ul><dl><dt>a</dt><dd>b</dd></dl>",
        "<pre><code class=\"language-rust\">a &lt; b\n  c</code></pre>",
        "<blockquote cite=\"x\"><h2>&nbsp;Title\u{a0}&hellip;&eacute;&#x1F600;</h2></blockquote><hr>",
        "<b><p>in bold</p></b>",
        "a\r\nb<!-- c -->d\re",
        "<p><iframe width=\"1\" src=\"https://www.youtube.com/embed/x\" allowfullscreen frameborder=\"0\"></iframe></p>",
        "caf\u{e9} \u{ab}x\u{bb} — “y” \u{65e5}\u{672c}",
    ] {
        assert!(same(html), "{html:?}");
    }
}

#[test]
fn what_is_not_certain_is_left_to_the_sanitiser() {
    for html in [
        "<p>one<p>two",
        "<p><div>x</div></p>",
        "<b><i>x</b></i>",
        "<a href=\"x\">a<a href=\"y\">b</a></a>",
        "<li>no list</li>",
        "<script>x</script>",
        "<p onclick=x>t</p>",
        "<a href=\"x\" href=\"javascript:x\">a</a>",
        "<a href=\"javascript:alert(1)\">a</a>",
        "<a href=\"&#106;avascript:alert(1)\">a</a>",
        "<P>x</P>",
        "<!--> x -->",
        "<!-- a --!> b -->",
        "<iframe src=\"x\">y</iframe>",
        "<p/>x</p>",
        "<h1><h2>x</h2></h1>",
        "<pre>\nx</pre>",
        "&copy",
        "&#0;&#128;",
        "<img src=\"x\" width=\"wide\">",
        "<br></br>",
        "<table><tr><td>x</td></tr></table>",
        "<p",
        "<",
        "\u{feff}x",
    ] {
        assert_eq!(clean(html), None, "{html:?}");
    }
    let many = " data-a=\"\"".repeat(101);
    assert_eq!(clean(&format!("<p{many}>t</p>")), None);
}

fn soup() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => prop::sample::select(TAGS).prop_map(|tag| format!("<{tag}>")),
        8 => prop::sample::select(TAGS).prop_map(|tag| format!("</{tag}>")),
        4 => (prop::sample::select(TAGS), prop::sample::select(ATTRIBUTES), prop::sample::select(ATTRIBUTES))
            .prop_map(|(tag, one, other)| format!("<{tag} {one} {other}>")),
        4 => prop::sample::select(TEXTS).prop_map(str::to_owned),
        1 => "[ -~\u{a0}-\u{ff}]{0,6}",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// Elements inside of one another and closed in order, so that many are tame.
fn tree() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(TEXTS).prop_map(str::to_owned),
        prop::sample::select(ATTRIBUTES).prop_map(|one| format!("<img {one}>")),
        Just("<br>".to_owned()),
    ];
    leaf.prop_recursive(6, 40, 4, |inside| {
        (
            prop::sample::select(TAGS),
            prop::sample::select(ATTRIBUTES),
            prop::collection::vec(inside, 0..4),
        )
            .prop_map(|(tag, one, inside)| format!("<{tag} {one}>{}</{tag}>", inside.concat()))
    })
}

const TAGS: &[&str] = &[
    "p",
    "p",
    "div",
    "b",
    "i",
    "a",
    "em",
    "span",
    "ul",
    "li",
    "ol",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "pre",
    "code",
    "blockquote",
    "br",
    "hr",
    "img",
    "figure",
    "sub",
    "q",
    "small",
    "s",
    "table",
    "td",
    "script",
    "svg",
    "style",
    "x",
    "select",
    "form",
    "button",
    "title",
];
const ATTRIBUTES: &[&str] = &[
    "href=\"https://e.org/\"",
    "href='x?a&b=1&amp;c'",
    "href=\"javascript:x\"",
    "href=\"http://[\"",
    "src=\"//e.org/a b.png\"",
    "title=\"a &quot; > b\"",
    "title='\"'",
    "alt=\"&copy=1 &copy; &copy\"",
    "class=\"language-x\"",
    "class=c",
    "width=\"1\"",
    "width=\"wide\"",
    "style=\"x:y\"",
    "id=\"&#x3c;\"",
    "lang=\"en\"",
    "disabled",
    "/",
    "data-x=\"1\"",
    "xmlns:o=\"x\"",
    "start=\"3\"",
    "Href=\"x\"",
    "",
    "src=\"&Tab;javascript:x\"",
    "dir = \"rtl\"",
    "loading=\"eager\"",
    "rel=\"x\"",
];
const TEXTS: &[&str] = &[
    "words",
    " ",
    "\n",
    "a & b",
    "&amp;",
    "&lt;b&gt;",
    "&nbsp;",
    "&hellip;",
    "&notin;",
    "&not",
    "&#8217;",
    "&#13;",
    "&#x80;",
    "\u{a0}",
    "\u{85}",
    "é",
    "<",
    ">",
    "\"",
    "'",
    "<!-- -->",
    "<!---->",
    "<!--->-->",
    "<!-- <!-- -->",
    "\r\n",
    "<iframe src=x></iframe>",
    "<iframe src='x'></iframe>",
    "]]>",
    "\u{0}",
    "\u{feff}",
    "\r",
    "&NewLine;",
    "&#xfdd0;",
    "\u{c}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_sanitiser_would_have_made_the_same_of_soup(html in soup()) {
        same(&html);
    }

    #[test]
    fn the_sanitiser_would_have_made_the_same_of_trees(html in tree()) {
        same(&html);
    }
}

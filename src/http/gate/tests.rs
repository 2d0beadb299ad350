//! What the gate lets through and what it refuses.

use std::fmt::Write as _;

use super::*;

const SDL: &str = r"
directive @oneOf on INPUT_OBJECT
directive @note(text: String) repeatable on FIELD | QUERY | FRAGMENT_SPREAD | INLINE_FRAGMENT | FRAGMENT_DEFINITION
type Query { me: Person  add(a: Int!, by: By): Int! hello(to: String): String! }
type Mutation { touch: Int! }
type Subscription { ticks: Int! other: Int! }
type Person { name: String! friends: [Person!]! best: Person }
input By @oneOf { id: ID name: String }
";

fn gate() -> Arc<Gate> {
    Arc::new(Gate::new(SDL, Limits::default(), 1_000_000).unwrap())
}

async fn refusal(document: &str) -> Problem {
    let refused = gate().pass(document).await;
    refused.err().expect(document).errors[0].clone()
}

#[tokio::test]
async fn good_documents_pass_and_are_remembered() {
    let gate = gate();
    let first = gate.pass("{ me { name } }").await.unwrap();
    let again = gate.pass("{ me { name } }").await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    for document in [
        "query A($x: Int = 3) { add(a: $x) } mutation B { touch }",
        "subscription { ticks }",
        r#"{ hello(to: "\ud83c\udfc3") }"#,
        "{ __type(name: \"By\") { isOneOf specifiedByURL } }",
    ] {
        assert!(gate.pass(document).await.is_ok(), "{document}");
    }
}

#[tokio::test]
async fn wrong_documents_are_refused_with_place_and_code() {
    let problem = refusal("{\n  nobody\n}").await;
    assert_eq!(problem.extensions.code, Code::GraphqlValidationFailed);
    assert_eq!(problem.locations, [Location { line: 2, column: 3 }]);
    for document in [
        "{ me }",
        "{ hello { x } }",
        "{ add }",
        "{ add(a: \"x\") }",
        "{ add(a: 1, a: 2) }",
        "{ add(a: 1, by: {id: 1, id: 2}) }",
        "query($x: Nope) { hello }",
        "{ me { ...F } } fragment F on Person { best { ...F } }",
        "subscription { ticks other }",
        "{ hello } { hello }",
        "query A { hello } query A { hello }",
        "fragment F on Person { name } { hello }",
    ] {
        let code = refusal(document).await.extensions.code;
        assert_eq!(code, Code::GraphqlValidationFailed, "{document}");
    }
    for document in [
        "",
        "{",
        "{ }",
        "\u{0}",
        "query",
        "{ hello(to: \"x) }",
        "# only",
    ] {
        assert!(gate().pass(document).await.is_err(), "{document}");
    }
    assert_eq!(refusal("{").await.extensions.code, Code::GraphqlParseFailed);
}

#[tokio::test]
async fn a_flood_of_errors_is_cut() {
    let fields: String = (0..300).fold(String::new(), |mut text, n| {
        let _ = write!(text, " nope{n}");
        text
    });
    let refused = gate().pass(&format!("{{{fields}}}")).await.err().unwrap();
    assert_eq!(refused.errors.len(), MAX_ERRORS);
}

#[tokio::test]
async fn documents_that_ask_too_much_are_refused_at_once() {
    let mut bomb = String::from("{ me { ...F0 } }");
    for n in 0..28 {
        let next = n + 1;
        let _ = write!(
            bomb,
            " fragment F{n} on Person {{ best {{ ...F{next} }} friends {{ ...F{next} }} }}"
        );
    }
    bomb.push_str(" fragment F28 on Person { name }");
    let mut wide_bomb = String::from("{ me { ...F0 } }");
    for n in 0..28 {
        let next = n + 1;
        let _ = write!(
            wide_bomb,
            " fragment F{n} on Person {{ ...F{next} ...F{next} }}"
        );
    }
    wide_bomb.push_str(" fragment F28 on Person { name }");
    let deep = format!(
        "{{ me {{ {} name {} }} }}",
        "best {".repeat(20),
        "}".repeat(20)
    );
    let aliases = format!(
        "{{ {} }}",
        (0..31).fold(String::new(), |text, n| text + &format!("a{n}: hello "))
    );
    let directives = format!("{{ hello {} }}", "@note(text: \"x\") ".repeat(51));
    let roots = format!("{{ {} }}", "hello ".repeat(21));
    let mutations = format!("mutation {{ {} }}", "touch ".repeat(6));
    let circle =
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    let tokens = format!("{{ {} }}", "hello ".repeat(5_000));
    let long = format!("{{ hello(to: \"{}\") }}", "x".repeat(200_000));
    let brackets = format!("{{ hello(to: {}) }}", "[".repeat(500));
    let started = tokio::time::Instant::now();
    for document in [
        bomb.as_str(),
        &wide_bomb,
        &deep,
        &aliases,
        &directives,
        &roots,
        &mutations,
        circle,
        &tokens,
        &long,
        &brackets,
    ] {
        let start: String = document.chars().take(60).collect();
        let problem = refusal(document).await;
        assert_eq!(
            problem.extensions.code,
            Code::LimitExceeded,
            "{start}: {problem:?}"
        );
    }
    assert!(started.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn operations_are_found_and_variables_are_checked() {
    let document = "query A($x: Int!) { add(a: $x) } mutation B { touch }";
    let passed = gate().pass(document).await.unwrap();
    assert_eq!(passed.kind(Some("B")).unwrap(), OperationType::Mutation);
    assert!(passed.kind(None).is_err());
    assert!(passed.kind(Some("C")).is_err());
    let values = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap();
    assert!(
        passed
            .coerce_variables(Some("A"), &values(r#"{"x":1}"#))
            .is_ok()
    );
    for wrong in ["{}", r#"{"x":null}"#, r#"{"x":"1"}"#, r#"{"x":9999999999}"#] {
        let refused = passed
            .coerce_variables(Some("A"), &values(wrong))
            .unwrap_err();
        assert_eq!(
            refused.errors[0].extensions.code,
            Code::InvalidArgument,
            "{wrong}"
        );
    }
}

//! Who may do what: every field of every root, tried as nobody, READER, EDITOR and ADMIN. A field that is
//! missing in the table fails the test, and so does one whose description does not say what it needs.

use std::collections::BTreeSet;

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

use Role::{Admin, Editor, Reader};

/// Root, field with what it must be given, and the role that it needs. The arguments are right in form and
/// name nothing that there is, so that nothing happens where it is allowed.
const TABLE: &[(&str, &str, Option<Role>)] = &[
    ("query", r#"node(id: "source:999") { id }"#, None),
    ("query", "nodes(ids: []) { id }", None),
    ("query", "server { name }", None),
    ("query", "viewer { user { id } }", None),
    ("query", "planet { id }", None),
    ("query", "planets(first: 1) { totalCount }", None),
    ("query", r#"entry(by: {id: "entry:999"}) { id }"#, None),
    ("query", "entries(first: 1) { totalCount }", None),
    ("query", r#"source(by: {id: "source:999"}) { id }"#, None),
    ("query", "sources(first: 1) { totalCount }", None),
    ("query", r#"author(id: "author:999") { id }"#, None),
    ("query", "authors(first: 1) { totalCount }", None),
    ("query", "tags(first: 1) { totalCount }", None),
    ("query", r#"search(query: "x") { totalCount }"#, None),
    (
        "query",
        "changes(first: 1) { pageInfo { hasNextPage } }",
        None,
    ),
    ("query", "changeCursor", None),
    ("query", "users(first: 1) { totalCount }", Some(Admin)),
    ("query", "jobs(first: 1) { totalCount }", Some(Editor)),
    (
        "query",
        "hiddenEntries(first: 1) { totalCount }",
        Some(Editor),
    ),
    (
        "query",
        r#"previewRules(input: {planetId: "planet:999", rules: []}) { userErrors { code } }"#,
        Some(Editor),
    ),
    ("query", "webhooks(first: 1) { totalCount }", Some(Editor)),
    ("query", r#"proposal(token: "x") { state }"#, None),
    ("query", "proposals(first: 1) { totalCount }", Some(Editor)),
    ("query", "auditLog(first: 1) { totalCount }", Some(Admin)),
    (
        "subscription",
        r#"entryAdded(after: "none") { cursor }"#,
        None,
    ),
    (
        "subscription",
        r#"entryUpdated(after: "none") { cursor }"#,
        None,
    ),
    (
        "subscription",
        r#"changes(after: "none") { __typename }"#,
        None,
    ),
    (
        "subscription",
        r#"jobProgress(id: "job:999") { id }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"signIn(input: {username: "x", password: "y"}) { userErrors { code } }"#,
        None,
    ),
    (
        "mutation",
        r#"refreshSession(refreshToken: "x") { userErrors { code } }"#,
        None,
    ),
    (
        "mutation",
        r#"signOut(refreshToken: "x") { userErrors { code } }"#,
        None,
    ),
    (
        "mutation",
        r#"discoverFeeds(url: "http://127.0.0.1:1/") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"addSource(input: {url: "http://127.0.0.1:1/"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"updateSource(input: {id: "source:999"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"removeSource(id: "source:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"pauseSource(id: "source:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"resumeSource(id: "source:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"refreshSource(id: "source:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"importSubscriptions(input: {document: "", dryRun: true}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"refreshSources(planetSlug: "no-such") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"cancelJob(id: "job:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"createPlanet(input: {slug: "", title: ""}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"updatePlanet(input: {id: "planet:999"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"removePlanet(id: "planet:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"addSourcesToPlanet(planetId: "planet:999", sourceIds: []) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"removeSourcesFromPlanet(planetId: "planet:999", sourceIds: []) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"removeEntry(id: "entry:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"restoreEntry(id: "entry:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"setRules(input: {planetId: "planet:999", rules: []}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"proposeSource(input: {url: "http://127.0.0.1:1/"}) { userErrors { code } }"#,
        None,
    ),
    (
        "mutation",
        r#"approveProposal(id: "proposal:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"declineProposal(id: "proposal:999", reason: "x") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"createWebhook(input: {url: "x"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"updateWebhook(input: {id: "webhook:999"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"removeWebhook(id: "webhook:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"rotateWebhookSecret(id: "webhook:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"replayWebhookDeliveries(webhookId: "webhook:999") { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"updateAuthor(input: {id: "author:999"}) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"mergeAuthors(into: "author:999", from: []) { userErrors { code } }"#,
        Some(Editor),
    ),
    (
        "mutation",
        r#"markEntries(input: {ids: ["entry:999"], read: true}) { userErrors { code } }"#,
        Some(Reader),
    ),
    (
        "mutation",
        r#"markAllRead(filter: {sourceIds: []}, seenBefore: "2024-01-01T00:00:00Z") { userErrors { code } }"#,
        Some(Reader),
    ),
    (
        "mutation",
        r#"createUser(input: {username: "", password: "", role: READER}) { userErrors { code } }"#,
        Some(Admin),
    ),
    (
        "mutation",
        r#"updateUser(input: {id: "user:999"}) { userErrors { code } }"#,
        Some(Admin),
    ),
    (
        "mutation",
        r#"removeUser(id: "user:999") { userErrors { code } }"#,
        Some(Admin),
    ),
    (
        "mutation",
        r#"changePassword(currentPassword: "x", newPassword: "y") { userErrors { code } }"#,
        Some(Reader),
    ),
    (
        "mutation",
        r#"createApiToken(input: {name: "", role: READER}) { userErrors { code } }"#,
        Some(Reader),
    ),
    (
        "mutation",
        r#"revokeApiToken(id: "token:999") { userErrors { code } }"#,
        Some(Reader),
    ),
];

fn name_of(field: &str) -> &str {
    field.split(['(', ' ']).next().unwrap()
}

/// Every field of the schema's roots: root, name, description.
async fn fields(client: &Client) -> Vec<(String, String, String)> {
    let roots = "queryType mutationType subscriptionType".split(' ');
    let asked = roots.map(|root| format!("{root} {{ fields {{ name description }} }}"));
    let asked = asked.collect::<Vec<_>>().join(" ");
    let data = client
        .query(&format!("{{ __schema {{ {asked} }} }}"), json!({}))
        .await;
    let mut found = Vec::new();
    for root in ["query", "mutation", "subscription"] {
        let all = data["__schema"][format!("{root}Type")]["fields"].as_array();
        for field in all.into_iter().flatten() {
            let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
            found.push((root.to_owned(), text("name"), text("description")));
        }
    }
    found
}

/// The code that a field is refused with; none when it is not refused for want of a role.
async fn refused(client: &Client, root: &str, field: &str) -> Option<String> {
    let answer = if root == "subscription" {
        subscribed(client, field).await
    } else {
        client
            .execute(&format!("{root} {{ {field} }}"), json!({}))
            .await
    };
    let code = answer["errors"][0]["extensions"]["code"].as_str()?;
    let refused = matches!(code, "UNAUTHENTICATED" | "FORBIDDEN");
    assert!(
        !refused || answer.get("data").is_none(),
        "{field}: {answer}"
    );
    refused.then(|| code.to_owned())
}

/// The first result of a subscription that ends by itself.
async fn subscribed(client: &Client, field: &str) -> Value {
    let mut live = client
        .subscribe(&format!("subscription {{ {field} }}"), json!({}))
        .await;
    let message = live.message().await;
    match message["type"].as_str() {
        Some("error") => json!({"errors": message["payload"]}),
        _ => message["payload"].clone(),
    }
}

on_each_database! {
    async fn every_field_needs_what_the_table_says(database: Database) {
        let app = TestApp::start(&database).await;
        let clients = [
            ("nobody", None, app.client.clone()),
            ("READER", Some(Role::Reader), app.client_as(Role::Reader).await),
            ("EDITOR", Some(Role::Editor), app.client_as(Role::Editor).await),
            ("ADMIN", Some(Role::Admin), app.client_as(Role::Admin).await),
        ];
        println!("| {:44} | nobody          | READER    | EDITOR    | ADMIN |", "operation");
        println!("|{:-<46}|-----------------|-----------|-----------|-------|", "");
        for (root, field, needed) in TABLE {
            let mut row = format!("| {:44} |", format!("{root} {}", name_of(field)));
            for (name, role, client) in &clients {
                let expected = match (needed, role) {
                    (Some(_), None) => Some("UNAUTHENTICATED"),
                    (Some(needed), Some(role)) if role < needed => Some("FORBIDDEN"),
                    _ => None,
                };
                let got = refused(client, root, field).await;
                assert_eq!(got.as_deref(), expected, "{root} {field} as {name}");
                let shown = got.as_deref().unwrap_or("may");
                let width = match *name { "nobody" => 15, "ADMIN" => 5, _ => 9 };
                row = format!("{row} {shown:width$} |");
            }
            println!("{row}");
        }
    }

    async fn the_table_is_complete_and_descriptions_tell(database: Database) {
        let app = TestApp::start(&database).await;
        let fields = fields(&app.client).await;
        let of_schema: BTreeSet<_> = fields.iter().map(|(root, name, _)| (root.as_str(), name.as_str())).collect();
        let of_table: BTreeSet<_> = TABLE.iter().map(|(root, field, _)| (*root, name_of(field))).collect();
        assert_eq!(of_schema, of_table, "left: the schema; right: the table");
        for (root, field, needed) in TABLE {
            let known = fields.iter().find(|(of, name, _)| of == root && name == name_of(field));
            let description = &known.unwrap().2;
            let told = match needed {
                Some(role) => description.ends_with(&format!("Needs the role {}.", format!("{role:?}").to_uppercase())),
                None => !description.contains("Needs the role"),
            };
            assert!(told, "{root} {field}: {description}");
        }
    }

    async fn what_is_not_theirs_is_hidden_in_nodes(database: Database) {
        let app = TestApp::start(&database).await;
        let reader = app.client_as(Role::Reader).await;
        let admin = app.client_as(Role::Admin).await;
        let own = reader.query("{ viewer { user { id } } }", json!({})).await;
        let own = own["viewer"]["user"]["id"].as_str().unwrap();
        let node = format!("{{ node(id: \"{own}\") {{ id }} }}");
        assert_eq!(refused(&app.client, "query", &node[2..node.len() - 2]).await.as_deref(), Some("UNAUTHENTICATED"));
        assert_eq!(reader.query(&node, json!({})).await["node"]["id"], own);
        assert_eq!(admin.query(&node, json!({})).await["node"]["id"], own);
    }
}

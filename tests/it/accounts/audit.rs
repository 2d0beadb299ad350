//! The audit log: every mutation leaves a row with who, what, before and after, and never a secret.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, Item, Page, Publisher, TestApp, program, rss, text};

const LOG: &str = "query($first: Int, $after: String, $filter: AuditFilter) { auditLog(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id at actor address action target before after user { username } } } }";

async fn log(admin: &Client, filter: Value) -> Vec<Value> {
    let data = admin
        .query(LOG, json!({"first": 100, "filter": filter}))
        .await;
    data["auditLog"]["nodes"].as_array().unwrap().clone()
}

async fn run(client: &Client, mutation: &str) -> Value {
    client
        .query(&format!("mutation {{ it: {mutation} }}"), json!({}))
        .await["it"]
        .clone()
}

on_each_database! {
    async fn every_mutation_is_noted_with_who_and_what(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let items = [Item::new("a", "2024-03-01T10:00:00Z"), Item::new("b", "2024-03-02T10:00:00Z")];
        publisher.set("/feed", Page::rss(rss("A blog", "http://blog.example/", &items)));
        let (editor, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Admin).await);
        let url = publisher.url("/feed");
        let source = text(&run(&editor, &format!("addSource(input: {{url: \"{url}\"}}) {{ source {{ id }} }}")).await["source"]["id"]);
        let entries = editor.query("{ entries { nodes { id } } }", json!({})).await;
        let entry = text(&entries["entries"]["nodes"][0]["id"]);
        let planet = text(&run(&editor, "createPlanet(input: {slug: \"p\", title: \"P\"}) { planet { id } }").await["planet"]["id"]);
        for mutation in [
            format!("updateSource(input: {{id: \"{source}\", title: \"Mine\"}}) {{ userErrors {{ code }} }}"),
            format!("pauseSource(id: \"{source}\") {{ userErrors {{ code }} }}"),
            format!("resumeSource(id: \"{source}\") {{ userErrors {{ code }} }}"),
            format!("refreshSource(id: \"{source}\") {{ userErrors {{ code }} }}"),
            format!("updatePlanet(input: {{id: \"{planet}\", title: \"Q\"}}) {{ userErrors {{ code }} }}"),
            format!("addSourcesToPlanet(planetId: \"{planet}\", sourceIds: [\"{source}\"]) {{ userErrors {{ code }} }}"),
            format!("removeSourcesFromPlanet(planetId: \"{planet}\", sourceIds: [\"{source}\"]) {{ userErrors {{ code }} }}"),
            format!("markEntries(input: {{ids: [\"{entry}\"], read: true}}) {{ userErrors {{ code }} }}"),
            "markAllRead(seenBefore: \"2030-01-01T00:00:00Z\") { userErrors { code } }".to_owned(),
            format!("removeEntry(id: \"{entry}\") {{ userErrors {{ code }} }}"),
            format!("removePlanet(id: \"{planet}\") {{ userErrors {{ code }} }}"),
            "refreshSources { userErrors { code } }".to_owned(),
            "importSubscriptions(input: {document: \"http://127.0.0.1:1/x\", format: URL_LIST}) { userErrors { code } }".to_owned(),
            format!("removeSource(id: \"{source}\") {{ userErrors {{ code }} }}"),
            "createApiToken(input: {name: \"t\", role: READER}) { userErrors { code } }".to_owned(),
        ] {
            assert_eq!(run(&editor, &mutation).await["userErrors"], json!([]), "{mutation}");
        }
        let rows = log(&admin, Value::Null).await;
        let by_editor: Vec<&Value> = rows.iter().rev().filter(|row| row["actor"] == "a-editor").collect();
        let actions: Vec<String> = by_editor.iter().map(|row| text(&row["action"])).collect();
        assert_eq!(actions, [
            "signIn", "addSource", "createPlanet", "updateSource", "pauseSource", "resumeSource", "refreshSource", "updatePlanet",
            "addSourcesToPlanet", "removeSourcesFromPlanet", "markEntries", "markAllRead", "removeEntry", "removePlanet",
            "refreshSources", "importSubscriptions", "removeSource", "createApiToken",
        ]);
        for row in &by_editor {
            assert_eq!((&row["user"]["username"], &row["address"]), (&json!("a-editor"), &json!("127.0.0.1")), "{row}");
        }
        let change = by_editor[3];
        assert_eq!((&change["target"], &change["before"], &change["after"]), (&json!(source), &json!("{\"title\":null}"), &json!("{\"title\":\"Mine\"}")));
        assert!(text(&by_editor[1]["after"]).contains(&url) && by_editor[1]["before"].is_null());
        assert!(text(&by_editor[12]["before"]).contains("Title of b") && by_editor[12]["after"].is_null());
    }

    async fn what_editors_decide_is_noted_too(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let items = [Item::new("a", "2024-03-01T10:00:00Z").by("Ada"), Item::new("b", "2024-03-02T10:00:00Z").by("Bob")];
        for path in ["/feed", "/one", "/two"] {
            publisher.set(path, Page::rss(rss(path, "http://blog.example/", &items)));
        }
        let (editor, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Admin).await);
        let url = publisher.url("/feed");
        let source = text(&run(&editor, &format!("addSource(input: {{url: \"{url}\"}}) {{ source {{ id }} }}")).await["source"]["id"]);
        let propose = async |path: &str| {
            let url = publisher.url(path);
            text(&run(&app.client, &format!("proposeSource(input: {{url: \"{url}\"}}) {{ proposal {{ id }} }}")).await["proposal"]["id"])
        };
        let (one, two) = (propose("/one").await, propose("/two").await);
        let found = editor.query("{ entries { nodes { id } } authors { nodes { id } } }", json!({})).await;
        let entry = text(&found["entries"]["nodes"][0]["id"]);
        let [ada, bob] = [0, 1].map(|at| text(&found["authors"]["nodes"][at]["id"]));
        let made = run(&editor, &format!("createWebhook(input: {{url: \"{}\"}}) {{ webhook {{ id }} secret }}", publisher.url("/hook"))).await;
        let hook = text(&made["webhook"]["id"]);
        let rotated = run(&editor, &format!("rotateWebhookSecret(id: \"{hook}\") {{ secret userErrors {{ code }} }}")).await;
        for mutation in [
            format!("updateWebhook(input: {{id: \"{hook}\", enabled: false}}) {{ userErrors {{ code }} }}"),
            format!("removeWebhook(id: \"{hook}\") {{ userErrors {{ code }} }}"),
            format!("setRules(input: {{sourceId: \"{source}\", rules: [{{action: DROP, field: TITLE, pattern: \"nothing\"}}]}}) {{ userErrors {{ code }} }}"),
            format!("removeEntry(id: \"{entry}\") {{ userErrors {{ code }} }}"),
            format!("restoreEntry(id: \"{entry}\") {{ userErrors {{ code }} }}"),
            format!("updateAuthor(input: {{id: \"{ada}\", name: \"Ada L.\"}}) {{ userErrors {{ code }} }}"),
            format!("mergeAuthors(into: \"{ada}\", from: [\"{bob}\"]) {{ userErrors {{ code }} }}"),
            format!("approveProposal(id: \"{one}\") {{ userErrors {{ code }} }}"),
            format!("declineProposal(id: \"{two}\", reason: \"not ours\") {{ userErrors {{ code }} }}"),
        ] {
            assert_eq!(run(&editor, &mutation).await["userErrors"], json!([]), "{mutation}");
        }
        let rows = log(&admin, Value::Null).await;
        let of = |actor: &str| -> Vec<(String, &Value)> {
            let rows = rows.iter().rev().filter(|row| row["actor"] == actor);
            rows.map(|row| (text(&row["action"]), row)).collect()
        };
        let by_editor = of("a-editor");
        let mut actions: Vec<&str> = by_editor.iter().map(|(action, _)| action.as_str()).collect();
        // Some change two things: rules and the job that looks through what is stored, a source and its proposal.
        actions.dedup();
        assert_eq!(actions, [
            "signIn", "addSource", "createWebhook", "rotateWebhookSecret", "updateWebhook", "removeWebhook", "setRules", "removeEntry",
            "restoreEntry", "updateAuthor", "mergeAuthors", "approveProposal", "declineProposal",
        ]);
        let by_anyone = of("anyone");
        let actions: Vec<&str> = by_anyone.iter().map(|(action, _)| action.as_str()).collect();
        assert_eq!(actions, ["proposeSource", "proposeSource"]);
        let row = |action: &str| by_editor.iter().find(|(of, _)| of == action).unwrap().1;
        assert!(text(&row("setRules")["after"]).contains("nothing"), "{}", row("setRules"));
        assert!(text(&row("updateAuthor")["after"]).contains("Ada L."), "{}", row("updateAuthor"));
        assert!(text(&row("declineProposal")["after"]).contains("not ours"), "{}", row("declineProposal"));
        assert_eq!(row("updateWebhook")["target"], json!(hook));
        let all = json!(rows).to_string();
        for secret in [&made["secret"], &rotated["secret"]] {
            let secret = text(secret);
            assert!(!all.contains(secret.trim_start_matches("whsec_")), "a secret is noted");
        }
    }

    async fn what_was_refused_leaves_nothing(database: Database) {
        let app = TestApp::start(&database).await;
        let (editor, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Admin).await);
        let before = log(&admin, Value::Null).await.len();
        run(&editor, "removeSource(id: \"source:999\") { userErrors { code } }").await;
        run(&editor, "createPlanet(input: {slug: \"planet\", title: \"taken\"}) { userErrors { code } }").await;
        run(&editor, "cancelJob(id: \"job:999\") { userErrors { code } }").await;
        run(&admin, "updateUser(input: {id: \"user:999\"}) { userErrors { code } }").await;
        assert_eq!(log(&admin, Value::Null).await.len(), before);
    }

    async fn secrets_never_stand_in_it(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let made = run(&admin, "createUser(input: {username: \"anna\", password: \"seventeen blue ducks\", role: READER}) { user { id } }").await;
        let id = text(&made["user"]["id"]);
        run(&admin, &format!("updateUser(input: {{id: \"{id}\", password: \"eighteen green frogs\", role: EDITOR}}) {{ userErrors {{ code }} }}")).await;
        let anna = app.client.sign_in("anna", "eighteen green frogs").await;
        let token = text(&run(&anna, "createApiToken(input: {name: \"t\", role: READER}) { token }").await["token"]);
        let rows = log(&admin, json!({"target": id})).await;
        assert_eq!(rows[1]["before"], "{\"role\":\"READER\",\"password\":\"the former one\"}");
        assert_eq!(rows[1]["after"], "{\"role\":\"EDITOR\",\"password\":\"another one\"}");
        let all = json!(log(&admin, Value::Null).await).to_string();
        for secret in ["ducks", "frogs", "argon2", "fgp_", &token[10..]] {
            assert!(!all.contains(secret), "{secret}");
        }
    }

    async fn it_is_paged_and_filtered_and_for_admins_alone(database: Database) {
        let app = TestApp::start(&database).await;
        let (editor, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Admin).await);
        for number in 0..5 {
            app.clock.advance(1_000);
            run(&editor, &format!("createPlanet(input: {{slug: \"p{number}\", title: \"P\"}}) {{ userErrors {{ code }} }}")).await;
        }
        assert_eq!(editor.code(LOG, json!({"first": 1})).await, "FORBIDDEN");
        assert_eq!(app.client.code(LOG, json!({"first": 1})).await, "UNAUTHENTICATED");
        let whole = log(&admin, Value::Null).await;
        let mut paged = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = admin.query(LOG, json!({"first": 2, "after": after})).await;
            assert_eq!(data["auditLog"]["totalCount"], whole.len());
            paged.extend(data["auditLog"]["nodes"].as_array().unwrap().iter().cloned());
            if data["auditLog"]["pageInfo"]["hasNextPage"] == false { break; }
            after = data["auditLog"]["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(paged, whole);
        let planets = log(&admin, json!({"action": "createPlanet"})).await;
        assert_eq!(planets.len(), 5);
        let (newest, oldest) = (text(&planets[0]["at"]), text(&planets[4]["at"]));
        assert_eq!(log(&admin, json!({"action": "createPlanet", "from": newest})).await.len(), 1);
        assert_eq!(log(&admin, json!({"action": "createPlanet", "until": newest})).await.len(), 4);
        assert_eq!(log(&admin, json!({"from": oldest, "until": oldest})).await.len(), 0);
        let user = admin.query("{ users { nodes { id username } } }", json!({})).await;
        let user = user["users"]["nodes"].as_array().unwrap().iter().find(|user| user["username"] == "a-editor").unwrap()["id"].clone();
        assert_eq!(log(&admin, json!({"userId": user})).await.len(), 6);
        assert_eq!(admin.code(LOG, json!({"first": 1, "filter": {"userId": "source:1"}})).await, "INVALID_ID");
        let dropped = app.app.parts().store.trim_audit(app.clock.now()).await.unwrap();
        assert_eq!(usize::try_from(dropped).unwrap(), whole.len() - 1);
    }

    async fn the_command_line_is_noted_too(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let feedgraph = async |line: &[&str]| {
            let line: Vec<&str> = line.iter().copied().chain(["--database", database.url.as_str()]).collect();
            let ended = program::run(database.folder(), &line).await;
            assert!(ended.success, "{line:?}: {}", ended.stderr);
            ended.stdout
        };
        let said = feedgraph(&["user", "add", "carl", "--role", "reader"]).await;
        assert!(said.contains("account \"carl\" made"), "{said}");
        feedgraph(&["user", "role", "carl", "editor"]).await;
        feedgraph(&["user", "passwd", "CARL"]).await;
        assert!(feedgraph(&["keys", "rotate"]).await.contains("signs from now on"));
        feedgraph(&["user", "remove", "carl"]).await;
        let file = database.folder().join("planet.toml");
        std::fs::write(&file, "[[planet]]\nslug = \"snakes\"\ntitle = \"Snakes\"\n").unwrap();
        feedgraph(&["apply", file.to_str().unwrap()]).await;
        let rows = log(&admin, Value::Null).await;
        let rows = rows.iter().rev().filter(|row| row["actor"] == "cli");
        let rows: Vec<(String, Value)> = rows.map(|row| (text(&row["action"]), row["user"].clone())).collect();
        let actions: Vec<&str> = rows.iter().map(|(action, _)| action.as_str()).collect();
        assert_eq!(actions, ["user add", "user role", "user passwd", "keys rotate", "user remove", "apply"]);
        assert!(rows.iter().all(|(_, user)| user.is_null()));
    }
}

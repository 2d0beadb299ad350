//! Rules and what they hide, and taking entries out and back, through the front door.

use serde_json::{Value, json};

use crate::support::{Editor, Item, Page, Publisher, only_refusal, rss};

const SET: &str = "mutation($input: RulesInput!) { setRules(input: $input) {
    rules { id action field pattern note } job { id } userErrors { path code message } } }";
const PREVIEW: &str = "query($input: RulesInput!) { previewRules(input: $input) {
    preview { checkedCount isComplete wouldHideCount wouldShowCount
        wouldHide { title ruleIndex reason } wouldShow { title ruleIndex } }
    userErrors { path code message } } }";
const HIDDEN: &str = "query($filter: HiddenFilter) { hiddenEntries(filter: $filter, first: 100) {
    totalCount nodes { entryId title reason rule { pattern } source { title } } } }";

fn drop_rule(field: &str, pattern: &str) -> Value {
    json!({"action": "DROP", "field": field, "pattern": pattern})
}

fn items(names: &[&str]) -> Vec<Item> {
    let day = |at: usize| format!("2025-12-{:02}T10:00:00Z", at + 1);
    let items = names.iter().enumerate();
    items
        .map(|(at, name)| Item::new(name, &day(at)).titled(name).by("Ada"))
        .collect()
}

fn publish(publisher: &Publisher, path: &str, items: &[Item]) {
    publisher.set(path, Page::rss(rss(path, "http://blog.example/", items)));
}

/// Follows a feed in the default planet.
async fn follow(app: &Editor, url: &str) -> String {
    let document = "mutation($url: URL!) { addSource(input: {url: $url}) { source { id } userErrors { message } } }";
    let data = app.edit(document, json!({"url": url})).await;
    data["addSource"]["source"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{data}"))
        .to_owned()
}

async fn poll(app: &Editor, source: &str) {
    let document = "mutation($id: ID!) { refreshSource(id: $id) { attempt { outcome message } userErrors { message } } }";
    let data = app.edit(document, json!({"id": source})).await;
    assert_ne!(
        data["refreshSource"]["attempt"]["outcome"], "FAILED",
        "{data}"
    );
}

async fn set(app: &Editor, input: Value) -> Value {
    let mut data = app.edit(SET, json!({"input": input})).await;
    assert_eq!(data["setRules"]["userErrors"], json!([]), "{data}");
    if let Some(job) = data["setRules"]["job"]["id"].as_str() {
        assert_eq!(app.finished_job(job).await["status"], "DONE");
    }
    data["setRules"].take()
}

/// Titles of all entries, of the planet's, and how many each says to have.
async fn shown(app: &Editor) -> Value {
    let titles = |list: &Value| {
        let nodes = list["nodes"].as_array().expect("nodes").iter();
        nodes
            .map(|entry| entry["title"].clone())
            .collect::<Vec<_>>()
    };
    let data = app
        .edit(
            "{ entries(first: 100) { totalCount nodes { title } }
        planet { entries(first: 100) { totalCount nodes { title } } } }",
            json!({}),
        )
        .await;
    let (all, planet) = (&data["entries"], &data["planet"]["entries"]);
    assert_eq!(all["totalCount"], titles(all).len());
    assert_eq!(planet["totalCount"], titles(planet).len());
    json!([titles(all), titles(planet)])
}

async fn log(app: &Editor, after: &str) -> Vec<String> {
    let data = app.edit("query($after: String) { changes(after: $after, first: 100) { edges { node { __typename } } } }",
        json!({"after": after})).await;
    let edges = data["changes"]["edges"].as_array().expect("edges").iter();
    edges
        .map(|edge| {
            edge["node"]["__typename"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect()
}

async fn cursor(app: &Editor) -> String {
    let data = app.edit("{ changeCursor }", json!({})).await;
    data["changeCursor"].as_str().expect("a cursor").to_owned()
}

on_each_database! {
    async fn a_sources_rules_hide_everywhere_and_say_which_rule(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, "/a", &items(&["Cats", "Dogs", "Ads: buy"]));
        let source = follow(&app, &publisher.url("/a")).await;
        assert_eq!(shown(&app).await, json!([["Ads: buy", "Dogs", "Cats"], ["Ads: buy", "Dogs", "Cats"]]));
        let input = json!({"sourceId": source, "rules": [drop_rule("TITLE", "^Ads"), drop_rule("AUTHOR", "Nobody")]});
        let data = app.edit(PREVIEW, json!({"input": input})).await;
        assert_eq!(data["previewRules"], json!({"userErrors": [], "preview": {"checkedCount": 3, "isComplete": true,
            "wouldHideCount": 1, "wouldShowCount": 0, "wouldShow": [], "wouldHide": [{"title": "Ads: buy", "ruleIndex": 0,
            "reason": "Its title matches \"^Ads\", which is dropped."}]}}));
        let before = cursor(&app).await;
        set(&app, input.clone()).await;
        assert_eq!(shown(&app).await, json!([["Dogs", "Cats"], ["Dogs", "Cats"]]));
        assert_eq!(log(&app, &before).await, ["EntryRemoved"]);
        let data = app.edit(HIDDEN, json!({"filter": {"sourceId": source}})).await;
        let hidden = &data["hiddenEntries"];
        assert_eq!(hidden["totalCount"], 1);
        assert_eq!(hidden["nodes"][0]["title"], "Ads: buy");
        assert_eq!(hidden["nodes"][0]["rule"]["pattern"], "^Ads");
        assert_eq!(hidden["nodes"][0]["reason"], "Its title matches \"^Ads\", which is dropped.");
        let again = set(&app, input).await;
        assert_eq!(again["job"], Value::Null, "the same rules change nothing");

        // What comes is judged at once, and nobody hears of what is hidden.
        let before = cursor(&app).await;
        publish(&publisher, "/a", &items(&["Cats", "Dogs", "Ads: buy", "Ads: more", "Birds"]));
        poll(&app, &source).await;
        assert_eq!(shown(&app).await[0], json!(["Birds", "Dogs", "Cats"]));
        assert_eq!(log(&app, &before).await, ["EntryAdded"]);
        poll(&app, &source).await;
        assert_eq!(shown(&app).await[0], json!(["Birds", "Dogs", "Cats"]), "polling brings nothing back");

        // A hidden entry that its publisher changes is judged anew, and one that is shown too.
        let before = cursor(&app).await;
        let mut changed = items(&["Cats", "Dogs", "Ads: buy", "Ads: more", "Birds"]);
        "Not for sale".clone_into(&mut changed[2].title);
        "Ads and birds".clone_into(&mut changed[4].title);
        publish(&publisher, "/a", &changed);
        poll(&app, &source).await;
        assert_eq!(shown(&app).await[0], json!(["Not for sale", "Dogs", "Cats"]));
        let mut told = log(&app, &before).await;
        told.sort();
        assert_eq!(told, ["EntryAdded", "EntryRemoved"]);

        let before = cursor(&app).await;
        set(&app, json!({"sourceId": source, "rules": []})).await;
        assert_eq!(shown(&app).await[0], json!(["Ads and birds", "Ads: more", "Not for sale", "Dogs", "Cats"]));
        assert_eq!(log(&app, &before).await, ["EntryAdded", "EntryAdded"]);
        let data = app.edit("query($id: ID!) { node(id: $id) { ... on Source { entries { totalCount } authors { nodes { name entries { totalCount } } } } } }",
            json!({"id": source})).await;
        assert_eq!(data["node"]["entries"]["totalCount"], 5);
        assert_eq!(data["node"]["authors"]["nodes"], json!([{"name": "Ada", "entries": {"totalCount": 5}}]));
    }

    async fn a_planets_rules_hide_there_only(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, "/a", &items(&["Python one", "Cooking", "Python two"]));
        let source = follow(&app, &publisher.url("/a")).await;
        let planet = app.edit("{ planet { id } }", json!({})).await["planet"]["id"].clone();
        let keep = json!({"action": "KEEP", "field": "TITLE", "pattern": "(?i)python", "note": "on topic"});
        set(&app, json!({"planetId": planet, "rules": [keep]})).await;
        let all = json!(["Python two", "Cooking", "Python one"]);
        assert_eq!(shown(&app).await, json!([all, ["Python two", "Python one"]]));
        let data = app.edit(HIDDEN, json!({"filter": {"planetId": planet}})).await;
        assert_eq!(data["hiddenEntries"]["totalCount"], 1);
        assert_eq!(data["hiddenEntries"]["nodes"][0]["reason"],
            "It matches none of the rules that keep entries; the first keeps a title that matches \"(?i)python\".");
        publish(&publisher, "/a", &items(&["Python one", "Cooking", "Python two", "Gardening"]));
        poll(&app, &source).await;
        assert_eq!(shown(&app).await[1], json!(["Python two", "Python one"]));
        let filtered = app.edit("{ entries(filter: {planet: \"planet\", hasEnclosure: false}) { totalCount nodes { title } } }", json!({})).await;
        assert_eq!(filtered["entries"]["totalCount"], 2);
        // A source that joins later is judged as it joins.
        let leave = "mutation($p: ID!, $s: [ID!]!) { removeSourcesFromPlanet(planetId: $p, sourceIds: $s) { userErrors { code } } }";
        let join = "mutation($p: ID!, $s: [ID!]!) { addSourcesToPlanet(planetId: $p, sourceIds: $s) { userErrors { code } } }";
        app.edit(leave, json!({"p": planet, "s": [source]})).await;
        assert_eq!(shown(&app).await[1], json!([]));
        app.edit(join, json!({"p": planet, "s": [source]})).await;
        assert_eq!(shown(&app).await[1], json!(["Python two", "Python one"]));
        let preview = json!({"planetId": planet, "rules": [drop_rule("TITLE", "two")]});
        let data = app.edit(PREVIEW, json!({"input": preview})).await;
        let preview = &data["previewRules"]["preview"];
        assert_eq!((&preview["wouldHideCount"], &preview["wouldShowCount"]), (&json!(1), &json!(2)));
        set(&app, json!({"planetId": planet, "rules": []})).await;
        assert_eq!(shown(&app).await[1], json!(["Gardening", "Python two", "Cooking", "Python one"]));
        let data = app.edit(HIDDEN, json!({"filter": {"planetId": planet}})).await;
        assert_eq!(data["hiddenEntries"]["totalCount"], 0);
    }

    async fn an_entry_that_was_removed_can_be_restored(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, "/a", &items(&["One", "Two"]));
        let source = follow(&app, &publisher.url("/a")).await;
        let whole = "query($id: ID!) { node(id: $id) { ... on Entry { id title content publishedAt authors { name } tags source { title } } } }";
        let data = app.edit("{ entries(first: 1) { nodes { id } } }", json!({})).await;
        let id = data["entries"]["nodes"][0]["id"].clone();
        let entry = app.edit(whole, json!({"id": id})).await;
        let remove = "mutation($id: ID!) { removeEntry(id: $id) { removedId userErrors { path code } } }";
        let restore = "mutation($id: ID!) { restoreEntry(id: $id) { entry { id } userErrors { path code message } } }";
        let data = app.edit(restore, json!({"id": id})).await;
        assert_eq!(only_refusal(&data["restoreEntry"]), ("id".to_owned(), "NOT_FOUND".to_owned()));
        app.edit(remove, json!({"id": id})).await;
        assert_eq!(shown(&app).await, json!([["One"], ["One"]]));
        poll(&app, &source).await;
        assert_eq!(shown(&app).await, json!([["One"], ["One"]]));
        let data = app.edit(HIDDEN, json!({"filter": {"removed": true}})).await;
        assert_eq!(data["hiddenEntries"]["nodes"][0]["reason"], "An editor took it out.");
        let before = cursor(&app).await;
        let data = app.edit(restore, json!({"id": id})).await;
        assert_eq!(data["restoreEntry"]["entry"]["id"], id, "{data}");
        assert_eq!(log(&app, &before).await, ["EntryAdded"]);
        assert_eq!(app.edit(whole, json!({"id": id})).await, entry, "it is what it was");
        assert_eq!(shown(&app).await, json!([["Two", "One"], ["Two", "One"]]));
        poll(&app, &source).await;
        assert_eq!(shown(&app).await[0], json!(["Two", "One"]));
    }

    async fn wrong_rules_are_refused_and_nothing_is_changed(database: Database) {
        let app = Editor::start(&database).await;
        let planet = app.edit("{ planet { id } }", json!({})).await["planet"]["id"].clone();
        let good = drop_rule("TITLE", "x");
        for (input, path, code) in [
            (json!({"rules": []}), "input", "INVALID_VALUE"),
            (json!({"planetId": planet, "sourceId": "source:1", "rules": []}), "input", "INVALID_VALUE"),
            (json!({"planetId": "planet:99", "rules": []}), "input.planetId", "NOT_FOUND"),
            (json!({"planetId": "source:1", "rules": []}), "input.planetId", "INVALID_VALUE"),
            (json!({"sourceId": "source:99", "rules": []}), "input.sourceId", "NOT_FOUND"),
            (json!({"planetId": planet, "rules": [good, drop_rule("TAG", "(")]}), "input.rules.1.pattern", "INVALID_VALUE"),
            (json!({"planetId": planet, "rules": [drop_rule("TAG", "")]}), "input.rules.0.pattern", "INVALID_VALUE"),
            (json!({"planetId": planet, "rules": [drop_rule("TAG", r"(\w{1000}){1000}")]}), "input.rules.0.pattern", "INVALID_VALUE"),
            (json!({"planetId": planet, "rules": [drop_rule("TAG", r"(?<=a)b")]}), "input.rules.0.pattern", "INVALID_VALUE"),
            (json!({"planetId": planet, "rules": [drop_rule("TAG", &"x".repeat(501))]}), "input.rules.0.pattern", "TOO_LONG"),
            (json!({"planetId": planet, "rules": vec![good.clone(); 51]}), "input.rules", "TOO_LONG"),
        ] {
            for (document, field) in [(SET, "setRules"), (PREVIEW, "previewRules")] {
                let data = app.edit(document, json!({"input": input})).await;
                assert_eq!(only_refusal(&data[field]), (path.to_owned(), code.to_owned()), "{input}");
            }
        }
        let data = app.edit("{ planet { rules { id } } }", json!({})).await;
        assert_eq!(data["planet"]["rules"], json!([]));
        let data = app.app.client.query("{ planet { rules { id } } }", json!({})).await;
        assert_eq!(data["planet"]["rules"], Value::Null);
    }
}

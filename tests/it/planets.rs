//! Mutations about planets, through the front door.

use serde_json::{Value, json};

use crate::support::{Editor, Item, Page, Publisher, only_refusal, refusals, rss};

const CREATE: &str = "mutation($input: CreatePlanetInput!) { createPlanet(input: $input) {
    planet { id slug title description link ownerName links { group title url } sources { nodes { title } } }
    userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdatePlanetInput!) { updatePlanet(input: $input) {
    planet { id slug title description link ownerName links { group title url } }
    userErrors { path code message } } }";
const JOIN: &str = "mutation($planet: ID!, $sources: [ID!]!) { addSourcesToPlanet(planetId: $planet, sourceIds: $sources) {
    planet { sources { nodes { id } } entries { totalCount } } userErrors { path code message } } }";
const LEAVE: &str = "mutation($planet: ID!, $sources: [ID!]!) { removeSourcesFromPlanet(planetId: $planet, sourceIds: $sources) {
    planet { sources { nodes { id } } entries { totalCount } } userErrors { path code message } } }";

async fn create(app: &Editor, slug: &str) -> String {
    let data = app
        .edit(CREATE, json!({"input": {"slug": slug, "title": "T"}}))
        .await;
    assert_eq!(data["createPlanet"]["userErrors"], json!([]));
    data["createPlanet"]["planet"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn follow(app: &Editor, publisher: &Publisher, path: &str) -> String {
    let item = Item::new("a", "2024-03-01T10:00:00Z");
    publisher.set(path, Page::rss(rss(path, "http://blog.example/", &[item])));
    app.follow(&publisher.url(path)).await
}

on_each_database! {
    async fn a_planet_is_made_changed_and_removed(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        let source = follow(&app, &publisher, "/one").await;
        let links = json!([{"group": "Sisters", "title": "Rust", "url": "https://rust.example/#x"}]);
        let input = json!({"slug": "snakes", "title": " Snakes  everywhere ", "description": "All of\nthem. ",
            "link": "https://snakes.example/", "ownerName": "Zoë", "links": links, "sourceIds": [source]});
        let data = app.edit(CREATE, json!({"input": input})).await;
        let mut planet = data["createPlanet"]["planet"].clone();
        let id = planet["id"].clone();
        assert_eq!(data["createPlanet"], json!({"userErrors": [], "planet": {"id": id, "slug": "snakes",
            "title": "Snakes everywhere", "description": "All of\nthem.", "link": "https://snakes.example/",
            "ownerName": "Zoë", "links": links, "sources": {"nodes": [{"title": "/one"}]}}}));
        planet.as_object_mut().expect("an object").remove("sources");
        let data = app.edit(UPDATE, json!({"input": {"id": id}})).await;
        assert_eq!(data["updatePlanet"]["planet"], planet, "what is left out stays");
        let input = json!({"id": id, "slug": "cobras", "description": null, "link": null, "ownerName": null, "links": null});
        let data = app.edit(UPDATE, json!({"input": input})).await;
        assert_eq!(data["updatePlanet"], json!({"userErrors": [], "planet": {"id": id, "slug": "cobras",
            "title": "Snakes everywhere", "description": null, "link": null, "ownerName": null, "links": []}}));
        let remove = "mutation($id: ID!) { removePlanet(id: $id) { removedId userErrors { path code message } } }";
        let data = app.edit(remove, json!({"id": id})).await;
        assert_eq!(data["removePlanet"], json!({"removedId": id, "userErrors": []}));
        let data = app.edit(remove, json!({"id": id})).await;
        let message = format!("There is no planet \"{}\".", id.as_str().expect("text"));
        assert_eq!(refusals(&data["removePlanet"]), [("id".to_owned(), "NOT_FOUND".to_owned(), message)]);
        let data = app.edit("{ planet(slug: \"cobras\") { id } sources { totalCount } }", json!({})).await;
        assert_eq!(data, json!({"planet": null, "sources": {"totalCount": 1}}));
    }

    async fn wrong_planets_are_refused(database: Database) {
        let app = Editor::start(&database).await;
        create(&app, "taken").await;
        let link = |group: &str, title: &str, url: &str| json!([{"group": group, "title": title, "url": url}]);
        for (change, path, code) in [
            (json!({"slug": "taken"}), "input.slug", "ALREADY_EXISTS"),
            (json!({"slug": "Two Words"}), "input.slug", "INVALID_VALUE"),
            (json!({"slug": ""}), "input.slug", "INVALID_VALUE"),
            (json!({"slug": "a".repeat(64)}), "input.slug", "TOO_LONG"),
            (json!({"title": ""}), "input.title", "INVALID_VALUE"),
            (json!({"title": "x".repeat(201)}), "input.title", "TOO_LONG"),
            (json!({"description": "x".repeat(2_001)}), "input.description", "TOO_LONG"),
            (json!({"link": "javascript:alert(1)"}), "input.link", "INVALID_URL"),
            (json!({"ownerName": "x".repeat(201)}), "input.ownerName", "TOO_LONG"),
            (json!({"links": link("", "t", "http://a.example/")}), "input.links.0.group", "INVALID_VALUE"),
            (json!({"links": link("g", "", "http://a.example/")}), "input.links.0.title", "INVALID_VALUE"),
            (json!({"links": link("g", "t", "a.example")}), "input.links.0.url", "INVALID_URL"),
            (json!({"sourceIds": ["source:99"]}), "input.sourceIds.0", "NOT_FOUND"),
            (json!({"sourceIds": ["planet:1"]}), "input.sourceIds.0", "INVALID_VALUE"),
            (json!({"sourceIds": vec!["source:1"; 1_001]}), "input.sourceIds", "TOO_LONG"),
        ] {
            let mut input = json!({"slug": "new", "title": "New"});
            input.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
            let data = app.edit(CREATE, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["createPlanet"]), (path.to_owned(), code.to_owned()), "{change}");
            assert_eq!(data["createPlanet"]["planet"], Value::Null);
        }
        let data = app.edit("{ planet(slug: \"new\") { id } }", json!({})).await;
        assert_eq!(data["planet"], Value::Null);
    }

    async fn wrong_changes_of_a_planet_are_refused(database: Database) {
        let app = Editor::start(&database).await;
        create(&app, "taken").await;
        let id = create(&app, "mine").await;
        for (input, path, code) in [
            (json!({"id": "planet:99", "title": "x"}), "input.id", "NOT_FOUND"),
            (json!({"id": "source:1", "title": "x"}), "input.id", "INVALID_VALUE"),
            (json!({"id": id, "slug": "taken", "title": "Half"}), "input.slug", "ALREADY_EXISTS"),
            (json!({"id": id, "slug": null, "title": "Half"}), "input.slug", "INVALID_VALUE"),
            (json!({"id": id, "title": null}), "input.title", "INVALID_VALUE"),
            (json!({"id": id, "title": "Half", "link": "//x"}), "input.link", "INVALID_URL"),
        ] {
            let data = app.edit(UPDATE, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["updatePlanet"]), (path.to_owned(), code.to_owned()), "{input}");
        }
        let data = app.edit("{ planet(slug: \"mine\") { title } }", json!({})).await;
        assert_eq!(data["planet"]["title"], "T", "nothing is half changed");
    }

    async fn sources_join_and_leave_with_their_entries(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        let planet = create(&app, "p").await;
        let one = follow(&app, &publisher, "/one").await;
        let two = follow(&app, &publisher, "/two").await;
        let data = app.edit(JOIN, json!({"planet": planet, "sources": [one, two, one]})).await;
        assert_eq!(data["addSourcesToPlanet"], json!({"userErrors": [],
            "planet": {"sources": {"nodes": [{"id": one}, {"id": two}]}, "entries": {"totalCount": 2}}}));
        let data = app.edit(LEAVE, json!({"planet": planet, "sources": [one]})).await;
        assert_eq!(data["removeSourcesFromPlanet"], json!({"userErrors": [],
            "planet": {"sources": {"nodes": [{"id": two}]}, "entries": {"totalCount": 1}}}));
        for (planet_id, sources, path, code) in [
            ("planet:99", json!([one]), "planetId", "NOT_FOUND"),
            ("source:1", json!([one]), "planetId", "INVALID_VALUE"),
            (planet.as_str(), json!([one, "source:99"]), "sourceIds.1", "NOT_FOUND"),
            (planet.as_str(), json!([one, "x"]), "sourceIds.1", "INVALID_VALUE"),
        ] {
            for (text, field) in [(JOIN, "addSourcesToPlanet"), (LEAVE, "removeSourcesFromPlanet")] {
                let data = app.edit(text, json!({"planet": planet_id, "sources": sources})).await;
                assert_eq!(only_refusal(&data[field]), (path.to_owned(), code.to_owned()), "{field}");
            }
        }
        let data = app.edit("{ planet(slug: \"p\") { sources { totalCount } } }", json!({})).await;
        assert_eq!(data["planet"]["sources"]["totalCount"], 1, "nothing is half changed");
    }
}

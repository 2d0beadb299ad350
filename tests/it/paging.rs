//! Lists, page by page: every row once, in order, from both ends, whatever comes in meanwhile.

use serde_json::{Value, json};

use crate::support::{Graph, Item, Kind};

/// Many share an instant, so that only the key tells them apart.
fn items(count: usize) -> Vec<Item> {
    let item = |n: usize| {
        Item::new(
            &format!("e{n}"),
            &format!("2024-03-{:02}T10:00:00Z", 1 + n / 4),
        )
    };
    (0..count).map(item).collect()
}

/// All that a list gives when it is paged through with a direction of its own.
async fn walk(
    graph: &Graph,
    list: &str,
    order: &str,
    size: &str,
    cursor: (&str, &str),
) -> Vec<String> {
    let (argument, edge) = cursor;
    let mut found: Vec<String> = Vec::new();
    let mut at: Option<String> = None;
    loop {
        let place = at
            .as_ref()
            .map_or_else(String::new, |at| format!(", {argument}: {at:?}"));
        let document = format!(
            "{{ {list}({size}{order}{place}) {{ nodes {{ id }} edges {{ cursor node {{ id }} }}
               pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount }} }}"
        );
        let page = graph.ask(document.as_str()).await[list].take();
        let mut ids: Vec<String> = page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].as_str().unwrap().to_owned())
            .collect();
        let backwards = argument == "before";
        if backwards {
            ids.reverse();
        }
        found.extend(ids);
        let more = if backwards {
            "hasPreviousPage"
        } else {
            "hasNextPage"
        };
        if !page["pageInfo"][more].as_bool().unwrap() {
            assert_eq!(page["totalCount"], json!(found.len()));
            return found;
        }
        at = Some(page["pageInfo"][edge].as_str().unwrap().to_owned());
    }
}

on_each_database! {
    async fn every_row_comes_once_and_in_order_from_both_ends(database: Database) {
        let graph = Graph::open(&database).await;
        for n in 0..7 {
            graph.clock.advance(1000);
            graph.follow(&format!("Feed {n}"), &items(9)).await;
        }
        let orders = [
            ("entries", ["PUBLISHED_DESC", "PUBLISHED_ASC", "SEEN_DESC", "SEEN_ASC", ""], 63),
            ("sources", ["TITLE_ASC", "TITLE_DESC", "LAST_ENTRY_DESC", "CREATED_DESC", "NEXT_POLL_ASC"], 7),
        ];
        for (list, orders, count) in orders {
            for order in orders {
                let order = if order.is_empty() { String::new() } else { format!(", orderBy: {order}") };
                let forwards = walk(&graph, list, &order, "first: 5", ("after", "endCursor")).await;
                let mut backwards = walk(&graph, list, &order, "last: 4", ("before", "startCursor")).await;
                backwards.reverse();
                assert_eq!(forwards.len(), count, "{list}{order}");
                assert_eq!(forwards, backwards, "{list}{order}");
                let mut unique = forwards.clone();
                unique.sort();
                unique.dedup();
                assert_eq!(unique.len(), count, "{list}{order}");
            }
        }
    }

    async fn a_page_stands_still_while_entries_come_in(database: Database) {
        let graph = Graph::open(&database).await;
        let source = graph.follow("Feed", &items(9)).await;
        let first = graph.ask("{ entries(first: 4) { nodes { title } pageInfo { endCursor } } }").await;
        let mut more = items(9);
        more.push(Item::new("newer", "2024-03-20T10:00:00Z"));
        more.push(Item::new("between", "2024-03-03T09:00:00Z"));
        graph.visit(source, "Feed", &more).await;
        let cursor = first["entries"]["pageInfo"]["endCursor"].as_str().unwrap();
        let rest = format!("{{ entries(first: 100, after: {cursor:?}) {{ nodes {{ title }} pageInfo {{ hasNextPage hasPreviousPage }} }} }}");
        let rest = graph.ask(rest.as_str()).await;
        let mut titles = titles(&first["entries"]);
        titles.extend(titles_of(&rest["entries"]));
        assert_eq!(titles.len(), 9, "{titles:?}");
        assert!(!titles.contains(&"Title of newer".to_owned()));
        assert_eq!(rest["entries"]["pageInfo"], json!({"hasNextPage": false, "hasPreviousPage": true}));
    }

    async fn a_variable_that_is_left_out_leaves_its_argument_out(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Feed", &[Item::new("a", "2024-03-27T14:00:00Z")]).await;
        let document = "query($first: Int, $after: String) { entries(first: $first, after: $after) { totalCount } }";
        assert_eq!(graph.ask(document).await, json!({"entries": {"totalCount": 1}}));
    }

    async fn wrong_pages_are_refused_with_a_code(database: Database) {
        let graph = Graph::open(&database).await;
        graph.follow("Feed", &items(2)).await;
        let page = graph.ask("{ entries { pageInfo { endCursor } } sources { pageInfo { endCursor } } }").await;
        let of_sources = page["sources"]["pageInfo"]["endCursor"].as_str().unwrap();
        let of_entries = page["entries"]["pageInfo"]["endCursor"].as_str().unwrap();
        for (wrong, code) in [
            ("first: 0", "INVALID_PAGE"),
            ("first: 101", "INVALID_PAGE"),
            ("first: -1", "INVALID_PAGE"),
            ("last: 0", "INVALID_PAGE"),
            ("last: 101", "INVALID_PAGE"),
            ("first: 1, last: 1", "INVALID_PAGE"),
            (&format!("after: {of_sources:?}"), "INVALID_CURSOR"),
            (&format!("before: {of_sources:?}"), "INVALID_CURSOR"),
            (&format!("after: {of_entries:?}, orderBy: SEEN_DESC"), "INVALID_CURSOR"),
            ("after: \"\"", "INVALID_CURSOR"),
            ("after: \"rubbish\"", "INVALID_CURSOR"),
            ("filter: { sourceIds: [\"entry:1\"] }", "INVALID_ID"),
            ("filter: { planet: \"none\" }", "INVALID_ARGUMENT"),
        ] {
            let document = format!("{{ entries({wrong}) {{ totalCount }} }}");
            assert_eq!(graph.refusal(document.as_str()).await, code, "{wrong}");
        }
    }

    async fn an_empty_list_is_a_page_without_cursors(database: Database) {
        let graph = Graph::open(&database).await;
        let empty = json!({"nodes": [], "edges": [], "totalCount": 0, "pageInfo":
            {"hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null}});
        for list in ["entries", "sources", "authors", "tags", "planets"] {
            let document = format!(
                "{{ {list} {{ nodes {{ __typename }} edges {{ cursor }} totalCount
                   pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
            );
            assert_eq!(graph.ask(document.as_str()).await[list], empty, "{list}");
        }
    }

    async fn a_page_costs_the_same_statements_however_many_rows_it_has(database: Database) {
        let graph = Graph::open(&database).await;
        let mut sources = Vec::new();
        for n in 0..30 {
            let items: Vec<Item> = items(12).into_iter().map(|item| item.by(&format!("Author {n}"))).collect();
            sources.push(graph.follow(&format!("Feed {n:02}"), &items).await);
        }
        graph.planet("main", &sources).await;
        let full = "nodes { id title summary publishedAt source { title siteUrl } authors { name } tags
                    enclosures { url } content contentText } pageInfo { endCursor }";
        // On SQLite, names come with the entries.
        let with_names = if database.kind == Kind::Sqlite { 2 } else { 3 };
        let kinds = [
            ("titles only", "{ entries(first: SIZE) { nodes { title } } }".to_owned(), 1),
            ("with source and authors", "{ entries(first: SIZE) { nodes { title source { title } authors { name } } } }".to_owned(), with_names),
            ("with everything", format!("{{ entries(first: SIZE) {{ {full} }} }}"), 4),
            ("with a total", "{ entries(first: SIZE) { totalCount } }".to_owned(), 2),
            ("a planet's page", format!("{{ planet {{ entries(first: SIZE) {{ {full} }} }} }}"), 5),
            ("sources with their newest entries",
             "{ sources(first: SIZE) { nodes { title planets { slug } entries(first: 3) { totalCount nodes { title authors { name } } } } } }".to_owned(), 4),
            ("authors with their sources", "{ authors(first: SIZE) { nodes { name sources { title } } } }".to_owned(), 2),
        ];
        for (kind, document, most) in kinds {
            let mut counts = Vec::new();
            for size in ["20", "100"] {
                let before = graph.store.statements();
                graph.ask(document.replace("SIZE", size).as_str()).await;
                counts.push(graph.store.statements() - before);
            }
            println!("{kind}: {counts:?} statements");
            // What is known from the first need not be read again: the planet, sources.
            assert!(counts[0] == most && counts[1] <= most, "{kind}: {counts:?}");
        }
    }
}

fn titles(page: &Value) -> Vec<String> {
    titles_of(page).collect()
}

fn titles_of(page: &Value) -> impl Iterator<Item = String> {
    let nodes = page["nodes"].as_array().unwrap().clone();
    nodes
        .into_iter()
        .map(|node| node["title"].as_str().unwrap().to_owned())
}

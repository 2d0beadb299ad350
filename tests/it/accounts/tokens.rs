//! Tokens for programs: shown once, no more than their owner, gone when they should be.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, eventually, only_refusal, refusals, text};

const CREATE: &str = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
    token apiToken { id name role createdAt expiresAt lastUsedAt } userErrors { path code message } } }";
const REVOKE: &str =
    "mutation($id: ID!) { revokeApiToken(id: $id) { revokedId userErrors { path code message } } }";
const MINE: &str =
    "{ viewer { user { username } apiTokens { id name role expiresAt lastUsedAt } } }";

async fn create(client: &Client, input: Value) -> Value {
    client.query(CREATE, json!({"input": input})).await["createApiToken"].clone()
}

async fn revoke(client: &Client, id: &str) -> Value {
    client.query(REVOKE, json!({"id": id})).await["revokeApiToken"].clone()
}

async fn set_role(app: &TestApp, name: &str, role: Role) {
    let store = &app.app.parts().store;
    let user = store.find_user(name).await.unwrap().unwrap();
    let changes = feedgraph::store::UserChanges {
        role: Some(role),
        ..Default::default()
    };
    store.update_user(user.id, &changes).await.unwrap();
}

on_each_database! {
    async fn a_token_is_shown_once_and_stored_hashed(database: Database) {
        let app = TestApp::start(&database).await;
        let editor = app.client_as(Role::Editor).await;
        let made = create(&editor, json!({"name": " My  script ", "role": "EDITOR", "expiresInDays": 30})).await;
        assert_eq!(refusals(&made), []);
        let token = text(&made["token"]);
        assert!(token.starts_with("fgp_") && token.len() == 47, "{token}");
        assert_eq!(made["apiToken"]["name"], "My script");
        assert_eq!(made["apiToken"]["lastUsedAt"], Value::Null);
        let program = app.client.with_token(&token);
        assert_eq!(program.query(MINE, json!({})).await["viewer"]["user"]["username"], "a-editor");
        program.query("{ jobs { totalCount } }", json!({})).await;
        eventually("the use is noted", || async {
            let mine = editor.query(MINE, json!({})).await;
            (!mine["viewer"]["apiTokens"][0]["lastUsedAt"].is_null()).then_some(())
        }).await;
        let mine = editor.query(MINE, json!({})).await.to_string();
        assert!(!mine.contains(&token));
        let id = app.app.parts().store.find_user("a-editor").await.unwrap().unwrap().id;
        let stored = app.app.parts().store.api_tokens_of(&[id]).await.unwrap();
        assert_eq!(stored[&id].len(), 1);
        assert_eq!(stored[&id][0].token_hash.len(), 32);

        app.clock.advance(30 * 86_400 * 1_000 - 1);
        assert_eq!(program.query(MINE, json!({})).await["viewer"]["user"]["username"], "a-editor");
        app.clock.advance(1);
        assert_eq!(program.query(MINE, json!({})).await["viewer"], Value::Null, "expired");
        assert_eq!(program.code("{ jobs { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    }

    async fn a_token_never_does_more_than_its_owner(database: Database) {
        let app = TestApp::start(&database).await;
        let editor = app.client_as(Role::Editor).await;
        let refused = create(&editor, json!({"name": "x", "role": "ADMIN"})).await;
        assert_eq!(only_refusal(&refused), ("input.role".to_owned(), "INVALID_VALUE".to_owned()));
        let full = app.client.with_token(&text(&create(&editor, json!({"name": "full", "role": "EDITOR"})).await["token"]));
        let small = app.client.with_token(&text(&create(&editor, json!({"name": "small", "role": "READER"})).await["token"]));
        full.query("{ jobs { totalCount } }", json!({})).await;
        assert_eq!(small.code("{ jobs { totalCount } }", json!({})).await, "FORBIDDEN");
        set_role(&app, "a-editor", Role::Reader).await;
        assert_eq!(full.code("{ jobs { totalCount } }", json!({})).await, "FORBIDDEN", "its owner may not any more");
        set_role(&app, "a-editor", Role::Admin).await;
        assert_eq!(full.code("{ users { totalCount } }", json!({})).await, "FORBIDDEN", "it was made for less");
        assert_eq!(small.code("{ jobs { totalCount } }", json!({})).await, "FORBIDDEN");
        full.query("{ jobs { totalCount } }", json!({})).await;
        let more = create(&full, json!({"name": "child", "role": "READER"})).await;
        assert_eq!(only_refusal(&more), ("input".to_owned(), "WRONG_CREDENTIALS".to_owned()), "tokens make no tokens");
    }

    async fn a_revoked_token_is_out_and_others_are_not_ones_own(database: Database) {
        let app = TestApp::start(&database).await;
        let (editor, reader, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Reader).await, app.client_as(Role::Admin).await);
        let made = create(&editor, json!({"name": "one", "role": "READER"})).await;
        let (id, token) = (text(&made["apiToken"]["id"]), text(&made["token"]));
        assert_eq!(only_refusal(&revoke(&reader, &id).await), ("id".to_owned(), "NOT_FOUND".to_owned()));
        let program = app.client.with_token(&token);
        assert!(!program.query(MINE, json!({})).await["viewer"].is_null());
        assert_eq!(revoke(&editor, &id).await, json!({"revokedId": id, "userErrors": []}));
        assert!(program.query(MINE, json!({})).await["viewer"].is_null());
        assert_eq!(only_refusal(&revoke(&editor, &id).await).1, "NOT_FOUND");
        let other = create(&editor, json!({"name": "two", "role": "READER"})).await;
        assert_eq!(revoke(&admin, &text(&other["apiToken"]["id"])).await["userErrors"], json!([]), "an admin may");
        for wrong in ["user:1", "token:0", "token:x", "", "api_token:1"] {
            assert_eq!(only_refusal(&revoke(&editor, wrong).await), ("id".to_owned(), "INVALID_VALUE".to_owned()), "{wrong}");
        }
        for (input, path, code) in [
            (json!({"name": "", "role": "READER"}), "input.name", "INVALID_VALUE"),
            (json!({"name": "n".repeat(101), "role": "READER"}), "input.name", "TOO_LONG"),
            (json!({"name": "n", "role": "READER", "expiresInDays": 0}), "input.expiresInDays", "INVALID_VALUE"),
            (json!({"name": "n", "role": "READER", "expiresInDays": -1}), "input.expiresInDays", "INVALID_VALUE"),
            (json!({"name": "n", "role": "READER", "expiresInDays": 2_147_483_647}), "input.expiresInDays", "INVALID_VALUE"),
        ] {
            let refused = create(&editor, input).await;
            assert_eq!(only_refusal(&refused), (path.to_owned(), code.to_owned()));
            assert_eq!(refused["token"], Value::Null);
        }
        for odd in ["fgp_", &format!("fgp_{}", "a".repeat(43)), &token[..46], &token.to_uppercase(), &format!("{token}a")] {
            assert!(app.client.with_token(odd).query(MINE, json!({})).await["viewer"].is_null(), "{odd}");
        }
    }
}

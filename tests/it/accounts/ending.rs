//! What an account may not see any more, its open streams do not show: they end soon after.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Live, TestApp, within};

/// The close code and reason, or the last message, that ends a stream.
async fn ends(mut live: Live) -> u16 {
    within("the stream's end", async move { live.closed().await }).await
}

on_each_database! {
    async fn signing_out_ends_open_streams(database: Database) {
        let app = TestApp::start(&database).await;
        app.client_as(Role::Reader).await;
        let signed = app.client.query("mutation { signIn(input: {username: \"a-reader\", password: \"correct horse battery\"}) {
            session { accessToken refreshToken } } }", json!({})).await;
        let session = &signed["signIn"]["session"];
        let client = app.client.with_token(session["accessToken"].as_str().unwrap());
        let live = client.subscribe("subscription { changes { __typename } }", json!({})).await;
        let out = "mutation($t: String!) { signOut(refreshToken: $t) { userErrors { code } } }";
        app.client.query(out, json!({"t": session["refreshToken"]})).await;
        assert_eq!(ends(live).await, 4403);
    }

    async fn a_removed_account_and_a_lower_role_and_a_revoked_token_end_open_streams(database: Database) {
        let app = TestApp::start(&database).await;
        let (editor, reader, admin) = (app.client_as(Role::Editor).await, app.client_as(Role::Reader).await, app.client_as(Role::Admin).await);
        let made = editor.query("mutation { createApiToken(input: {name: \"x\", role: READER}) { token apiToken { id } } }", json!({})).await;
        let made = made["createApiToken"].clone();
        let program = app.client.with_token(made["token"].as_str().unwrap());
        let watch = "subscription { changes { __typename } }";
        let lives = [program.subscribe(watch, json!({})).await, editor.subscribe(watch, json!({})).await, reader.subscribe(watch, json!({})).await];
        let [of_token, of_editor, of_reader] = lives;
        let mut of_nobody = app.client.subscribe(watch, json!({})).await;

        admin.query("mutation($id: ID!) { revokeApiToken(id: $id) { revokedId } }", json!({"id": made["apiToken"]["id"]})).await;
        assert_eq!(ends(of_token).await, 4403);
        let users = admin.query("{ users { nodes { id username } } }", json!({})).await;
        let id_of = |name: &str| users["users"]["nodes"].as_array().unwrap().iter().find(|user| user["username"] == name).unwrap()["id"].clone();
        admin.query("mutation($id: ID!) { updateUser(input: {id: $id, role: READER}) { user { id } } }", json!({"id": id_of("a-editor")})).await;
        assert_eq!(ends(of_editor).await, 4403);
        admin.query("mutation($id: ID!) { removeUser(id: $id) { removedId } }", json!({"id": id_of("a-reader")})).await;
        assert_eq!(ends(of_reader).await, 4403);
        app.follow("http://127.0.0.1:1/feed").await;
        assert_eq!(of_nobody.next().await, json!({"changes": {"__typename": "SourceAdded"}}), "others go on");
    }

    async fn what_another_process_ends_is_seen_within_half_a_minute(database: Database) {
        let app = TestApp::start(&database).await;
        let reader = app.client_as(Role::Reader).await;
        let live = reader.subscribe("subscription { changes { __typename } }", json!({})).await;
        let other = feedgraph::store::Store::open(&feedgraph::store::StoreSettings::new(&database.url)).await.unwrap();
        let user = other.find_user("a-reader").await.unwrap().unwrap();
        let changes = feedgraph::store::UserChanges { password_hash: Some("x".to_owned()), ..Default::default() };
        other.update_user(user.id, &changes).await.unwrap();
        app.clock.advance(30_000);
        assert_eq!(ends(live).await, 4403);
        let viewer: Value = reader.query("{ viewer { user { id } } }", json!({})).await;
        assert!(viewer["viewer"].is_null());
    }
}

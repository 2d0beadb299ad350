//! Making, changing and removing accounts.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, only_refusal, refusals, text};

const CREATE: &str = "mutation($input: CreateUserInput!) { createUser(input: $input) {
    user { id username role createdAt lastSignInAt } userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdateUserInput!) { updateUser(input: $input) {
    user { id username role } userErrors { path code message } } }";
const REMOVE: &str =
    "mutation($id: ID!) { removeUser(id: $id) { removedId userErrors { path code message } } }";
const CHANGE: &str = "mutation($old: String!, $new: String!) { changePassword(currentPassword: $old, newPassword: $new) {
    user { username } userErrors { path code message } } }";
const GOOD: &str = "seventeen blue ducks";

async fn create(admin: &Client, name: &str, password: &str, role: &str) -> Value {
    let input = json!({"username": name, "password": password, "role": role});
    admin.query(CREATE, json!({"input": input})).await["createUser"].clone()
}

async fn update(admin: &Client, input: Value) -> Value {
    admin.query(UPDATE, json!({"input": input})).await["updateUser"].clone()
}

async fn is_signed_in(client: &Client) -> bool {
    !client.query("{ viewer { user { id } } }", json!({})).await["viewer"].is_null()
}

on_each_database! {
    async fn an_account_is_made_and_signs_in_under_every_spelling(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let made = create(&admin, " Zoe\u{308} ", GOOD, "READER").await;
        assert_eq!(refusals(&made), []);
        assert_eq!((&made["user"]["username"], &made["user"]["role"]), (&json!("Zoë"), &json!("READER")));
        assert_eq!(made["user"]["lastSignInAt"], Value::Null);
        for spelling in ["zoë", "ZOE\u{308}", " Zoë "] {
            app.client.sign_in(spelling, GOOD).await;
        }
        for (name, path, code) in [
            ("ZOË", "input.username", "ALREADY_EXISTS"), ("", "input.username", "INVALID_VALUE"),
            ("two words", "input.username", "INVALID_VALUE"), ("nul\u{0}", "input.username", "INVALID_VALUE"),
            ("rtl\u{202e}", "input.username", "INVALID_VALUE"), ("\u{200b}", "input.username", "INVALID_VALUE"),
            (&"x".repeat(65), "input.username", "TOO_LONG"), (&"ä".repeat(100_000), "input.username", "TOO_LONG"),
        ] {
            let refused = create(&admin, name, GOOD, "READER").await;
            assert_eq!(only_refusal(&refused), (path.to_owned(), code.to_owned()), "{name:?}");
            assert_eq!(refused["user"], Value::Null);
        }
        for (password, code) in [
            ("", "WEAK_PASSWORD"), ("short", "WEAK_PASSWORD"), ("newcomer newcomer", "WEAK_PASSWORD"), ("aaaaaaaaaaaaaaaa", "WEAK_PASSWORD"),
            ("1234567890", "WEAK_PASSWORD"), ("Password123", "WEAK_PASSWORD"), ("bell\u{7}bell bell", "INVALID_VALUE"),
            (&"long and good ".repeat(100), "TOO_LONG"), (&"x".repeat(1_000_000), "TOO_LONG"),
        ] {
            let refused = create(&admin, "newcomer", password, "READER").await;
            assert_eq!(only_refusal(&refused), ("input.password".to_owned(), code.to_owned()), "{password:.20}");
        }
        let both = create(&admin, "", "short", "READER").await;
        assert_eq!(refusals(&both).len(), 2, "all that is wrong at once: {both}");
        let users = admin.query("{ users { nodes { username } totalCount } }", json!({})).await;
        assert_eq!(users["users"]["totalCount"], 3, "{users}");
    }

    async fn an_account_is_changed_and_removed(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let id = text(&create(&admin, "anna", GOOD, "EDITOR").await["user"]["id"]);
        create(&admin, "berta", GOOD, "READER").await;
        let anna = app.client.sign_in("anna", GOOD).await;
        let renamed = update(&admin, json!({"id": id, "username": "Annegret"})).await;
        assert_eq!(renamed["user"], json!({"id": id, "username": "Annegret", "role": "EDITOR"}));
        assert!(is_signed_in(&anna).await, "a new name ends no session");
        let refused = update(&admin, json!({"id": id, "username": "BERTA", "role": "READER"})).await;
        assert_eq!(only_refusal(&refused), ("input.username".to_owned(), "ALREADY_EXISTS".to_owned()));
        let refused = update(&admin, json!({"id": id, "role": "READER", "password": "short"})).await;
        assert_eq!(only_refusal(&refused), ("input.password".to_owned(), "WEAK_PASSWORD".to_owned()));
        let same = update(&admin, json!({"id": id})).await;
        assert_eq!(same["user"]["role"], "EDITOR", "nothing was applied by halves");
        assert!(is_signed_in(&anna).await);
        for (wrong, code) in [("user:999999", "NOT_FOUND"), ("source:1", "INVALID_VALUE"), ("1", "INVALID_VALUE"), ("user:01", "INVALID_VALUE"), ("", "INVALID_VALUE")] {
            let refused = update(&admin, json!({"id": wrong, "role": "ADMIN"})).await;
            assert_eq!(only_refusal(&refused), ("input.id".to_owned(), code.to_owned()), "{wrong}");
            let refused = admin.query(REMOVE, json!({"id": wrong})).await["removeUser"].clone();
            assert_eq!(only_refusal(&refused), ("id".to_owned(), code.to_owned()), "{wrong}");
        }
        let removed = admin.query(REMOVE, json!({"id": id})).await;
        assert_eq!(removed["removeUser"], json!({"removedId": id, "userErrors": []}));
        assert!(!is_signed_in(&anna).await);
        let refused = admin.query(REMOVE, json!({"id": id})).await["removeUser"].clone();
        assert_eq!(only_refusal(&refused), ("id".to_owned(), "NOT_FOUND".to_owned()));
    }

    async fn the_last_admin_stays_also_when_two_lower_each_other(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let users = admin.query("{ users { nodes { id username role } } }", json!({})).await;
        let users = users["users"]["nodes"].as_array().unwrap().clone();
        let id_of = |name: &str| text(&users.iter().find(|user| user["username"] == name).unwrap()["id"]);
        let (one, two) = (id_of("admin"), id_of("a-admin"));
        let (first, second) = tokio::join!(
            update(&admin, json!({"id": one, "role": "READER"})),
            update(&admin, json!({"id": two, "role": "READER"})),
        );
        let codes: Vec<_> = refusals(&first).into_iter().chain(refusals(&second)).collect();
        // Whoever lowered the asker first may also have ended the right to go on, but never are there none left.
        assert!(codes.len() <= 1, "{codes:?}");
        let store = &app.app.parts().store;
        let left = store.list_users(&feedgraph::store::Slice::first(10)).await.unwrap();
        let left: Vec<_> = left.rows.into_iter().filter(|user| user.role == Role::Admin).collect();
        assert_eq!(left.len(), 1);
        let last = left[0].id;
        let lower = feedgraph::store::UserChanges { role: Some(Role::Editor), ..Default::default() };
        assert_eq!(store.update_user(last, &lower).await.unwrap(), feedgraph::store::UpdateUser::LastAdmin);
        assert_eq!(store.remove_user(last).await.unwrap(), feedgraph::store::RemoveUser::LastAdmin);
    }

    async fn the_last_admin_is_told_so(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let users = admin.query("{ users { nodes { id username } } viewer { user { id } } }", json!({})).await;
        let own = text(&users["viewer"]["user"]["id"]);
        let other = users["users"]["nodes"].as_array().unwrap().iter().find(|user| user["id"] != own).unwrap();
        admin.query(REMOVE, json!({"id": other["id"]})).await;
        let refused = update(&admin, json!({"id": own, "role": "EDITOR", "username": "late"})).await;
        assert_eq!(only_refusal(&refused), ("input.role".to_owned(), "LAST_ADMIN".to_owned()));
        let refused = admin.query(REMOVE, json!({"id": own})).await["removeUser"].clone();
        assert_eq!(only_refusal(&refused), ("id".to_owned(), "LAST_ADMIN".to_owned()));
    }

    async fn everyone_changes_the_own_password_and_ends_the_other_sessions(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        create(&admin, "anna", GOOD, "READER").await;
        let (here, there) = (app.client.sign_in("anna", GOOD).await, app.client.sign_in("anna", GOOD).await);
        let change = async |old: &str, new: &str| here.query(CHANGE, json!({"old": old, "new": new})).await["changePassword"].clone();
        let better = "eighteen green frogs";
        assert_eq!(only_refusal(&change("not this one", better).await), ("currentPassword".to_owned(), "WRONG_CREDENTIALS".to_owned()));
        assert_eq!(only_refusal(&change(GOOD, "weak").await), ("newPassword".to_owned(), "WEAK_PASSWORD".to_owned()));
        assert_eq!(only_refusal(&change(GOOD, &"y".repeat(5_000)).await), ("newPassword".to_owned(), "TOO_LONG".to_owned()));
        assert!(is_signed_in(&there).await);
        assert_eq!(refusals(&change(GOOD, better).await), []);
        assert!(is_signed_in(&here).await);
        assert!(!is_signed_in(&there).await);
        app.client.sign_in("anna", better).await;
        let old = app.client.query("mutation { signIn(input: {username: \"anna\", password: \"seventeen blue ducks\"}) { session { expiresAt } userErrors { path code message } } }", json!({})).await;
        assert_eq!(only_refusal(&old["signIn"]).1, "WRONG_CREDENTIALS");
        for _ in 0..5 {
            change("guess", better).await;
        }
        assert_eq!(only_refusal(&change("guess", better).await).1, "RATE_LIMITED");
    }

    async fn a_lower_role_and_a_new_password_end_sessions(database: Database) {
        let app = TestApp::start(&database).await;
        let admin = app.client_as(Role::Admin).await;
        let id = text(&create(&admin, "anna", GOOD, "READER").await["user"]["id"]);
        let first = app.client.sign_in("anna", GOOD).await;
        update(&admin, json!({"id": id, "role": "EDITOR"})).await;
        assert!(is_signed_in(&first).await, "a higher role ends no session");
        first.query("{ jobs { totalCount } }", json!({})).await;
        update(&admin, json!({"id": id, "role": "READER"})).await;
        assert!(!is_signed_in(&first).await);
        let second = app.client.sign_in("anna", GOOD).await;
        assert_eq!(second.code("{ jobs { totalCount } }", json!({})).await, "FORBIDDEN");
        update(&admin, json!({"id": id, "password": "eighteen green frogs"})).await;
        assert!(!is_signed_in(&second).await);
        app.client.sign_in("anna", "eighteen green frogs").await;
    }
}

//! Accounts, sessions and signing keys as rows.

use entity::{Millis, Role, signing_key, user};
use feedgraph::store::{
    NewSession, NewUser, RemoveUser, Renewal, Renewed, Store, UpdateUser, UserChanges,
};

const NOW: Millis = Millis(1_700_000_000_000);

async fn add(store: &Store, username: &str, role: Role) -> user::Model {
    let new = NewUser {
        username: username.to_owned(),
        password_hash: "hash".to_owned(),
        role,
        at: NOW,
    };
    store
        .create_user(&new)
        .await
        .unwrap()
        .expect("the name is free")
}

fn renewal(old: u8, new: u8, at: Millis) -> Renewal {
    Renewal {
        old_hash: vec![old],
        new_hash: vec![new],
        at,
        expires_at: at.plus_seconds(100),
    }
}

on_each_database! {
    async fn a_name_is_taken_in_any_spelling(database: Database) {
        let store = super::open(&database).await;
        let zoe = add(&store, "Zoë", Role::Reader).await;
        let again = NewUser { username: " zOË ".to_owned(), password_hash: String::new(), role: Role::Admin, at: NOW };
        assert_eq!(store.create_user(&again).await.unwrap(), None);
        assert_eq!(store.find_user("ZOË").await.unwrap(), Some(zoe.clone()));
        let other = add(&store, "other", Role::Reader).await;
        let rename = |name: &str| UserChanges { username: Some(name.to_owned()), ..UserChanges::default() };
        assert_eq!(store.update_user(other.id, &rename("zoë")).await.unwrap(), UpdateUser::NameTaken);
        assert!(matches!(store.update_user(zoe.id, &rename("ZOË")).await.unwrap(), UpdateUser::Updated(_)));
        let new = NewSession { user_id: zoe.id, at: NOW, expires_at: NOW.plus_seconds(100), token_hash: vec![1] };
        store.create_session(&new).await.unwrap();
        let found = store.users_by_ids(&[zoe.id]).await.unwrap();
        assert_eq!((found[&zoe.id].username.as_str(), found[&zoe.id].last_sign_in_at), ("ZOË", Some(NOW)));
        assert_eq!(store.count_users().await.unwrap(), 2);
    }

    async fn the_last_admin_stays(database: Database) {
        let store = super::open(&database).await;
        let one = add(&store, "one", Role::Admin).await.id;
        let demote = UserChanges { role: Some(Role::Editor), ..UserChanges::default() };
        assert_eq!(store.update_user(one, &demote).await.unwrap(), UpdateUser::LastAdmin);
        assert_eq!(store.remove_user(one).await.unwrap(), RemoveUser::LastAdmin);
        let two = add(&store, "two", Role::Admin).await.id;
        let (first, second) = tokio::join!(store.remove_user(one), store.update_user(two, &demote));
        let left = matches!(first.unwrap(), RemoveUser::LastAdmin) || second.unwrap() == UpdateUser::LastAdmin;
        assert!(left, "of two at once, one is refused");
        assert_eq!(store.remove_user(entity::UserId(99)).await.unwrap(), RemoveUser::NotFound);
    }

    async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session(database: Database) {
        let store = super::open(&database).await;
        let user = add(&store, "one", Role::Editor).await;
        let new = NewSession { user_id: user.id, at: NOW, expires_at: NOW.plus_seconds(100), token_hash: vec![1] };
        let session = store.create_session(&new).await.unwrap();
        assert_eq!(store.renew_session(&renewal(9, 2, NOW)).await.unwrap(), Renewed::Refused, "it is unknown");
        let at = NOW.plus_seconds(50);
        let Renewed::Renewed(both) = store.renew_session(&renewal(1, 2, at)).await.unwrap() else {
            panic!("it is good");
        };
        let (renewed, owner) = *both;
        assert_eq!((renewed.id, renewed.expires_at, owner.id), (session.id, at.plus_seconds(100), user.id));
        assert_eq!(store.renew_session(&renewal(1, 3, at)).await.unwrap(), Renewed::Reused);
        assert_eq!(store.renew_session(&renewal(2, 3, at)).await.unwrap(), Renewed::Refused, "the session is over");
        let (stored, _) = store.find_session(session.id).await.unwrap().expect("it is kept");
        assert_eq!(stored.revoked_at, Some(at));
        assert!(!store.end_session_of_token(&[2], at).await.unwrap(), "it has ended");
        assert_eq!(store.delete_old_sessions(at.plus_seconds(10_000)).await.unwrap(), 1);
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }

    async fn sessions_end_by_age_by_token_and_by_account(database: Database) {
        let store = super::open(&database).await;
        let user = add(&store, "one", Role::Editor).await;
        let mut sessions = Vec::new();
        for token in 1..=3 {
            let new = NewSession { user_id: user.id, at: NOW, expires_at: NOW.plus_seconds(100), token_hash: vec![token] };
            sessions.push(store.create_session(&new).await.unwrap().id);
        }
        let late = NOW.plus_seconds(100);
        assert_eq!(store.renew_session(&renewal(1, 9, late)).await.unwrap(), Renewed::Refused, "it is too old");
        assert!(store.end_session_of_token(&[1], NOW).await.unwrap());
        assert!(!store.end_session_of_token(&[1], NOW).await.unwrap());
        let changes = UserChanges { password_hash: Some("other".to_owned()), at: NOW, keep: Some(sessions[1]), ..UserChanges::default() };
        assert!(matches!(store.update_user(user.id, &changes).await.unwrap(), UpdateUser::Updated(_)));
        let (ended, _) = store.find_session(sessions[2]).await.unwrap().expect("it is kept");
        assert_eq!(ended.revoked_at, Some(NOW));
        let (kept, _) = store.find_session(sessions[1]).await.unwrap().expect("it is kept");
        assert_eq!(kept.revoked_at, None);
        add(&store, "admin", Role::Admin).await;
        assert_eq!(store.remove_user(user.id).await.unwrap(), RemoveUser::Removed);
        assert_eq!(store.find_session(sessions[1]).await.unwrap(), None, "it goes with its account");
    }

    async fn nodes_that_start_together_agree_on_a_key(database: Database) {
        let store = super::open(&database).await;
        let key = |kid: &str, at: Millis| signing_key::Model { kid: kid.to_owned(), secret: vec![7; 32], created_at: at };
        let (one, two) = (key("one", NOW), key("two", NOW));
        let (first, second) = tokio::join!(store.ensure_signing_key(&one), store.ensure_signing_key(&two));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.len(), &first), (1, &second));
        let rotate = async |kid: &str, at: Millis, replaced_by: Millis| {
            let dropped = store.rotate_signing_key(&key(kid, at), replaced_by).await.unwrap();
            let kids: Vec<String> = store.signing_keys().await.unwrap().into_iter().map(|key| key.kid).collect();
            (dropped, kids.join(" "))
        };
        let later = |seconds| NOW.plus_seconds(seconds);
        let first = first[0].kid.clone();
        assert_eq!(rotate("three", later(10), NOW).await, (0, format!("three {first}")));
        assert_eq!(rotate("four", later(20), later(10)).await, (1, "four three".to_owned()));
        assert_eq!(rotate("five", later(30), later(30)).await, (2, "five".to_owned()), "all others at once");
    }
}

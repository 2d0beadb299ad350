//! Readers' marks against a model that keeps a set: whatever happens in whatever order, lists and counts are the same.

use std::collections::BTreeMap;

use entity::{EntryId, Millis, Role, SourceId, UserId};
use feedgraph::store::{
    EntryFilter, EntryOrder, Marked, MarkedAll, Marking, Marks, NewUser, Slice, Store,
};

use super::made::{START, dated, named, open, read, source};

/// A small generator, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn seconds(&mut self, most: usize) -> i64 {
        i64::try_from(self.roll(most)).unwrap()
    }
}

#[derive(Clone, Debug)]
struct Known {
    source: SourceId,
    seen: Millis,
    read: BTreeMap<UserId, bool>,
    starred: BTreeMap<UserId, bool>,
}

struct World {
    store: Store,
    users: Vec<UserId>,
    sources: Vec<SourceId>,
    entries: BTreeMap<EntryId, Known>,
    now: Millis,
    made: u32,
}

impl World {
    async fn new(store: Store) -> Self {
        let mut world = Self {
            store,
            users: Vec::new(),
            sources: Vec::new(),
            entries: BTreeMap::new(),
            now: START,
            made: 0,
        };
        for name in ["ann", "bob"] {
            let new = NewUser {
                username: name.to_owned(),
                password_hash: String::new(),
                role: Role::Reader,
                at: START,
            };
            world
                .users
                .push(world.store.create_user(&new).await.unwrap().unwrap().id);
        }
        for number in 0..3 {
            let url = format!("https://example.org/{number}");
            world.sources.push(source(&world.store, &url).await.id);
        }
        world
    }

    /// New entries in a source; now and then the clock was set back.
    async fn publish(&mut self, dice: &mut Dice) {
        let source = self.sources[dice.roll(self.sources.len())];
        let at = if dice.roll(6) == 0 {
            self.now.plus_seconds(-50)
        } else {
            self.now
        };
        let drafts = (0..=dice.roll(12)).map(|_| {
            self.made += 1;
            let place = START.plus_seconds(-dice.seconds(1_000));
            named(
                dated(&format!("e{}", self.made), place),
                "An author",
                &[["odd", "even"][usize::from(self.made.is_multiple_of(2))]],
            )
        });
        let drafts: Vec<_> = drafts.collect();
        read(&self.store, source, at, drafts).await;
        let filter = EntryFilter {
            source_ids: Some(vec![source]),
            ..EntryFilter::default()
        };
        for row in self.list(&filter).await {
            let known = Known {
                source,
                seen: row.first_seen_at,
                read: BTreeMap::new(),
                starred: BTreeMap::new(),
            };
            self.entries.entry(row.id).or_insert(known);
        }
    }

    async fn list(&self, filter: &EntryFilter) -> Vec<entity::entry::Model> {
        let mut rows = Vec::new();
        let mut slice = Slice::first(7);
        loop {
            let page = self
                .store
                .list_entries(filter, EntryOrder::SeenAsc, &slice)
                .await
                .unwrap();
            let last = page.rows.last().cloned();
            rows.extend(page.rows);
            match last.filter(|_| page.has_next) {
                Some(last) => {
                    let place = feedgraph::store::EntryPosition::of(&last, EntryOrder::SeenAsc);
                    slice = Slice::first(7).after(place);
                }
                None => return rows,
            }
        }
    }

    async fn mark(&mut self, dice: &mut Dice) {
        let user = self.users[dice.roll(2)];
        let many = 1 + dice.roll(30);
        let skip = dice.roll(self.entries.len() + 1);
        let ids: Vec<EntryId> = self.entries.keys().skip(skip).take(many).copied().collect();
        let (read, starred) = (
            [None, Some(true), Some(true), Some(false)][dice.roll(4)],
            [None, None, Some(true), Some(false)][dice.roll(4)],
        );
        let marking = Marking {
            user,
            entries: ids.clone(),
            read,
            starred,
            at: self.now,
        };
        let mut changed = 0;
        for id in ids {
            let known = self.entries.get_mut(&id).unwrap();
            let before = known.clone();
            if let Some(read) = read {
                known.read.insert(user, read);
            }
            if let Some(starred) = starred {
                known.starred.insert(user, starred);
            }
            let differs = |map: fn(&Known) -> &BTreeMap<UserId, bool>| {
                map(&before).get(&user).unwrap_or(&false) != map(known).get(&user).unwrap_or(&false)
            };
            changed += usize::from(differs(|known| &known.read) || differs(|known| &known.starred));
        }
        assert_eq!(
            self.store.mark_entries(&marking).await.unwrap(),
            Marked::Changed(changed)
        );
    }

    async fn mark_all(&mut self, dice: &mut Dice) {
        let user = self.users[dice.roll(2)];
        let filter = match dice.roll(4) {
            0 => EntryFilter::default(),
            1 => EntryFilter {
                tags: Some(vec!["odd".to_owned()]),
                ..EntryFilter::default()
            },
            _ => EntryFilter {
                source_ids: Some(vec![self.sources[dice.roll(self.sources.len())]]),
                ..EntryFilter::default()
            },
        };
        let before = self.now.plus_seconds(1 - dice.seconds(400));
        let meant: Vec<EntryId> = self
            .list(&filter)
            .await
            .into_iter()
            .filter(|row| row.first_seen_at < before)
            .map(|row| row.id)
            .collect();
        let mut changed = 0;
        for id in meant {
            let was = self.entries.get_mut(&id).unwrap().read.insert(user, true);
            changed += i64::from(was != Some(true));
        }
        let marked = self
            .store
            .mark_all_read(user, &filter, before, self.now)
            .await
            .unwrap();
        assert_eq!(marked, MarkedAll::Changed(changed), "{filter:?}");
    }

    async fn remove(&mut self, dice: &mut Dice) {
        let skip = dice.roll(self.entries.len() + 1);
        let Some(id) = self.entries.keys().nth(skip).copied() else {
            return;
        };
        self.store
            .remove_entry(id, self.now)
            .await
            .unwrap()
            .unwrap();
        self.entries.remove(&id);
    }

    async fn check(&self, step: usize) {
        for user in &self.users {
            for scope in [None, Some(self.sources[0]), Some(self.sources[1])] {
                let marks = |unread, starred| EntryFilter {
                    source_ids: scope.map(|source| vec![source]),
                    marks: Some(Marks {
                        user: *user,
                        unread,
                        starred,
                    }),
                    ..EntryFilter::default()
                };
                for (unread, starred) in [
                    (Some(true), None),
                    (Some(false), None),
                    (None, Some(true)),
                    (Some(true), Some(true)),
                ] {
                    let filter = marks(unread, starred);
                    let expected = self.entries.iter().filter(|(_, known)| {
                        let read = known.read.get(user) == Some(&true);
                        let star = known.starred.get(user) == Some(&true);
                        scope.is_none_or(|source| source == known.source)
                            && unread.is_none_or(|unread| unread != read)
                            && starred.is_none_or(|starred| starred == star)
                    });
                    let mut expected: Vec<(Millis, EntryId)> =
                        expected.map(|(id, known)| (known.seen, *id)).collect();
                    expected.sort_unstable();
                    let got: Vec<(Millis, EntryId)> = self
                        .list(&filter)
                        .await
                        .iter()
                        .map(|row| (row.first_seen_at, row.id))
                        .collect();
                    assert_eq!(got, expected, "step {step}, {filter:?}");
                    let count = self.store.count_entries(&filter).await.unwrap();
                    assert_eq!(
                        count,
                        i64::try_from(expected.len()).unwrap(),
                        "step {step}, {filter:?}"
                    );
                }
            }
        }
    }
}

on_each_database! {
    async fn marks_are_those_of_a_model_whatever_happens(database: Database) {
        let mut world = World::new(open(&database).await).await;
        let mut dice = Dice(7);
        for step in 0..120 {
            world.now = world.now.plus_seconds(40);
            match dice.roll(10) {
                0..3 => world.publish(&mut dice).await,
                3..7 => world.mark(&mut dice).await,
                7..9 => world.mark_all(&mut dice).await,
                _ => world.remove(&mut dice).await,
            }
            if step % 4 == 0 {
                world.check(step).await;
            }
        }
        let gone = world.sources.remove(2);
        world.store.remove_source(gone, world.now).await.unwrap().unwrap();
        world.entries.retain(|_, known| known.source != gone);
        world.check(120).await;
        assert!(world.entries.len() > 50, "enough happened: {}", world.entries.len());
    }

    async fn those_who_mark_while_entries_come_and_go_stay_exact(database: Database) {
        let world = World::new(open(&database).await).await;
        let (store, user, of) = (&world.store, world.users[0], world.sources[0]);
        let drafts = |from: u32| (from..from + 20).map(|n| dated(&format!("e{n}"), START)).collect::<Vec<_>>();
        read(store, of, START, drafts(0)).await;
        let ids: Vec<EntryId> = world.list(&EntryFilter::default()).await.iter().map(|row| row.id).collect();
        let at = START.plus_seconds(10);
        let marking = |chunk: &[EntryId], read| Marking { user, entries: chunk.to_vec(), read: Some(read), starred: Some(true), at };
        let (first, second, gone) = (marking(&ids[..12], true), marking(&ids[4..16], true), &ids[2..6]);
        let removing = async { for id in gone { store.remove_entry(*id, at).await.unwrap(); } };
        let everything = EntryFilter::default();
        let ((), _, _, _, _) = tokio::join!(
            removing,
            store.mark_entries(&first),
            store.mark_entries(&second),
            store.mark_all_read(user, &everything, at, at),
            async { read(store, of, at.plus_seconds(5), drafts(20)).await },
        );
        let unread = EntryFilter { marks: Some(Marks { user, unread: Some(true), starred: None }), ..EntryFilter::default() };
        let listed = world.list(&unread).await;
        assert_eq!(store.count_entries(&unread).await.unwrap(), i64::try_from(listed.len()).unwrap());
        assert_eq!(listed.len(), 20, "what came meanwhile is unread");
        let missing = store.mark_entries(&marking(&ids[2..4], true)).await.unwrap();
        assert_eq!(missing, Marked::Missing(ids[2..4].to_vec()));
    }
}

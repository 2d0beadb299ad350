//! Live operations that many share. In: the same subscription of many clients, each with a place in the change log.
//! Out: each event, executed and written once for all of them, and for each client everything after its own place,
//! without gap or repeat. Must not know: how events are sent.
//!
//! A hub keeps the newest events, each with its number in the change log. A client whose place lies within them
//! reads them from there; one whose place lies before them (it comes back with an old cursor, or reads slowly)
//! executes the subscription by itself until it has caught up. So a slow client costs no memory beyond its place.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axum::extract::ws::Utf8Bytes;
use entity::Revision;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::kept::Question;

/// The most events that a hub keeps.
const EVENTS: usize = 512;
/// The most bytes of events that a hub keeps, beside the newest one.
const BYTES: usize = 1024 * 1024;
/// Events that a client takes at once.
const TAKEN: usize = 32;

/// All hubs that have clients.
#[derive(Default)]
pub struct Hubs(Mutex<HashMap<Question, Weak<Hub>>>);

/// One subscription that many share.
pub struct Hub {
    state: Mutex<State>,
    moved: watch::Sender<()>,
    /// Ends what feeds the hub when the last client has left.
    _stop: DropGuard,
}

struct State {
    events: VecDeque<(Revision, Utf8Bytes)>,
    bytes: usize,
    /// Every event after this one that there is so far, or will be, is kept.
    after: Revision,
    /// Something in an event may depend on who asks: it was executed for nobody.
    is_personal: bool,
    has_ended: bool,
}

/// Who reads from a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody without a token.
    Anyone,
    /// Somebody with one, to whom some fields may say more.
    SignedIn,
}

/// What a client finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The next events after its place.
    Events(Vec<(Revision, Utf8Bytes)>),
    /// Nothing more now.
    Nothing,
    /// It has to look for itself.
    Elsewhere,
}

impl Hubs {
    /// The hub of a question, and, when it is new, what ends when it does.
    pub fn join(
        &self,
        question: Question,
        from: Revision,
    ) -> (Arc<Hub>, Option<CancellationToken>) {
        let mut hubs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hubs.get(&question).and_then(Weak::upgrade)
            && !hub.has_ended()
        {
            return (hub, None);
        }
        hubs.retain(|_, hub| hub.strong_count() > 0);
        let stop = CancellationToken::new();
        let hub = Arc::new(Hub::new(from, stop.clone().drop_guard()));
        hubs.insert(question, Arc::downgrade(&hub));
        (hub, Some(stop))
    }
}

impl Hub {
    fn new(from: Revision, stop: DropGuard) -> Self {
        Self {
            state: Mutex::new(State {
                events: VecDeque::new(),
                bytes: 0,
                after: from,
                is_personal: false,
                has_ended: false,
            }),
            moved: watch::Sender::new(()),
            _stop: stop,
        }
    }

    /// Tells when the hub has moved.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Another event; `is_personal` when something so far wanted to know who asks.
    pub fn push(&self, revision: Revision, text: Utf8Bytes, is_personal: bool) {
        let mut state = self.state();
        state.is_personal |= is_personal;
        state.bytes = state.bytes.saturating_add(text.len());
        state.events.push_back((revision, text));
        while state.events.len() > EVENTS || (state.bytes > BYTES && state.events.len() > 1) {
            let Some((gone, text)) = state.events.pop_front() else {
                break;
            };
            state.bytes = state.bytes.saturating_sub(text.len());
            state.after = gone;
        }
        drop(state);
        self.moved.send_replace(());
    }

    /// No more events come: its clients look for themselves, and find out why.
    pub fn end(&self) {
        self.state().has_ended = true;
        self.moved.send_replace(());
    }

    /// Whether everything after a place is, or will be, here.
    pub fn holds(&self, place: Revision, reader: Reader) -> bool {
        self.state().holds(place, reader)
    }

    /// What comes after a place.
    pub fn find(&self, place: Revision, reader: Reader) -> Found {
        let state = self.state();
        if !state.holds(place, reader) {
            return Found::Elsewhere;
        }
        let known = state
            .events
            .partition_point(|(revision, _)| *revision <= place);
        let next: Vec<_> = state
            .events
            .iter()
            .skip(known)
            .take(TAKEN)
            .cloned()
            .collect();
        if next.is_empty() {
            Found::Nothing
        } else {
            Found::Events(next)
        }
    }

    fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn holds(&self, place: Revision, reader: Reader) -> bool {
        let may_read = reader == Reader::Anyone || !self.is_personal;
        may_read && !self.has_ended && place >= self.after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYONE: Reader = Reader::Anyone;

    fn hub() -> Hub {
        Hub::new(Revision(10), CancellationToken::new().drop_guard())
    }

    fn numbers(found: Found) -> Vec<i64> {
        match found {
            Found::Events(events) => events.into_iter().map(|(revision, _)| revision.0).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_reads_what_comes_after_its_own_place() {
        let hub = hub();
        for number in [12, 15, 16] {
            hub.push(Revision(number), "x".into(), false);
        }
        assert_eq!(numbers(hub.find(Revision(10), ANYONE)), [12, 15, 16]);
        assert_eq!(numbers(hub.find(Revision(12), ANYONE)), [15, 16]);
        assert_eq!(numbers(hub.find(Revision(13), ANYONE)), [15, 16]);
        assert_eq!(hub.find(Revision(16), ANYONE), Found::Nothing);
        assert_eq!(hub.find(Revision(99), ANYONE), Found::Nothing);
        assert_eq!(hub.find(Revision(9), ANYONE), Found::Elsewhere);
    }

    #[test]
    fn what_is_kept_is_bounded_and_who_falls_behind_looks_elsewhere() {
        let hub = hub();
        for number in 11..=2_000 {
            hub.push(Revision(number), "x".into(), false);
        }
        assert_eq!(hub.find(Revision(1_487), ANYONE), Found::Elsewhere);
        assert_eq!(numbers(hub.find(Revision(1_488), ANYONE))[0], 1_489);
        for number in 2_001..=2_010 {
            hub.push(Revision(number), "x".repeat(BYTES / 2).into(), false);
        }
        assert!(hub.state().bytes <= BYTES);
        assert_eq!(numbers(hub.find(Revision(2_009), ANYONE)), [2_010]);
    }

    #[test]
    fn what_may_be_personal_and_what_has_ended_is_left() {
        let hub = hub();
        hub.push(Revision(11), "x".into(), false);
        assert!(hub.holds(Revision(10), Reader::SignedIn));
        hub.push(Revision(12), "y".into(), true);
        assert_eq!(hub.find(Revision(10), Reader::SignedIn), Found::Elsewhere);
        assert_eq!(numbers(hub.find(Revision(10), ANYONE)), [11, 12]);
        hub.end();
        assert_eq!(hub.find(Revision(10), ANYONE), Found::Elsewhere);
    }

    #[test]
    fn a_hub_lives_as_long_as_somebody_reads_it() {
        let hubs = Hubs::default();
        let (hub, stop) = hubs.join([1; 32], Revision(0));
        let stop = stop.unwrap();
        let (same, none) = hubs.join([1; 32], Revision(5));
        assert!(Arc::ptr_eq(&hub, &same) && none.is_none());
        drop((hub, same));
        assert!(stop.is_cancelled());
        let (hub, stop) = hubs.join([1; 32], Revision(5));
        assert!(stop.is_some());
        hub.end();
        assert!(hubs.join([1; 32], Revision(6)).1.is_some());
    }
}

//! Subscriptions that follow the change log, each client from its own place. In: a prepared operation. Out: its
//! events, from the hub that it shares with others, or executed for it alone while it has to catch up; there is no
//! gap and no repeat where it changes over, since both know the number of each event. Must not know: transports.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::Response;
use async_stream::stream;
use entity::Revision;
use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, shape};
use super::door::{Door, Prepared};
use super::events::{Event, of_answer, panicked, text};
use super::hub::{Found, Hub, Reader};
use super::shared::{Asked, Following};
use crate::graphql::Place;

/// The events of one client.
pub fn follow(
    door: Arc<Door>,
    prepared: Prepared,
    following: Following,
) -> BoxStream<'static, Event> {
    let Some(now) = door.engine.version() else {
        return alone(&door, &prepared);
    };
    let reader = match prepared.caller.principal {
        Some(_) => Reader::SignedIn,
        None => Reader::Anyone,
    };
    let (hub, new) = door.shared.hubs.join(following.question, now);
    if let Some(stop) = new {
        tokio::spawn(feed(
            Arc::clone(&door),
            Arc::downgrade(&hub),
            &prepared,
            now,
            stop,
        ));
    }
    // Read after joining, so that nothing that the hub told before can come after it.
    let now = door.engine.version().unwrap_or(now);
    let from = if following.has_after {
        Begin::AsWritten
    } else {
        Begin::After(now)
    };
    with_others(door, prepared, hub, reader, from).boxed()
}

/// The events of one client, executed for it from the beginning to the end.
pub fn alone(door: &Door, prepared: &Prepared) -> BoxStream<'static, Event> {
    let mut answers = door.engine.stream(prepared.request());
    let stream = stream! {
        let mut begun = false;
        while let Some(event) = next(&mut answers, begun).await {
            begun = true;
            yield event;
        }
    };
    stream.boxed()
}

enum Begin {
    /// At the cursor in the document.
    AsWritten,
    /// After a number.
    After(Revision),
}

fn with_others(
    door: Arc<Door>,
    prepared: Prepared,
    hub: Arc<Hub>,
    reader: Reader,
    from: Begin,
) -> impl Stream<Item = Event> {
    stream! {
        let mut moved = hub.moved();
        let mut begun = false;
        let (mut place, mut alone) = match from {
            Begin::AsWritten => (Revision(-1), Some(Alone::new(&door, &prepared, Place::anywhere()))),
            Begin::After(place) => (place, None),
        };
        loop {
            if let Some(own) = &mut alone {
                match own.step(begun).await {
                    Step::Event(revision, event) => {
                        begun = true;
                        place = revision;
                        yield event;
                    }
                    Step::Reached(revision) => place = place.max(revision),
                    Step::End => return,
                }
                if place >= Revision(0) && hub.holds(place, reader) {
                    alone = None;
                }
                continue;
            }
            moved.borrow_and_update();
            match hub.find(place, reader) {
                Found::Events(events) => {
                    for (revision, text) in events {
                        place = revision;
                        begun = true;
                        yield Event::Next(text);
                    }
                }
                Found::Nothing => {
                    // The hub is held, so it does not close.
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
                Found::Elsewhere => {
                    alone = Some(Alone::new(&door, &prepared, Place::after(place)));
                }
            }
        }
    }
}

/// What a client does by itself.
struct Alone {
    answers: BoxStream<'static, Response>,
    place: Place,
    looked: watch::Receiver<Revision>,
}

enum Step {
    Event(Revision, Event),
    Reached(Revision),
    End,
}

impl Alone {
    fn new(door: &Door, prepared: &Prepared, place: Place) -> Self {
        Self {
            answers: door.engine.stream(prepared.request().data(place.clone())),
            looked: place.looked(),
            place,
        }
    }

    /// Looks at the answers first: what was reached counts only when no answer is under way before it.
    async fn step(&mut self, begun: bool) -> Step {
        tokio::select! {
            biased;
            event = next(&mut self.answers, begun) => match event {
                Some(event) => Step::Event(self.place.told(), event),
                None => Step::End,
            },
            changed = self.looked.changed() => match changed {
                Ok(()) => Step::Reached(*self.looked.borrow_and_update()),
                Err(_) => Step::End,
            },
        }
    }
}

/// Executes a hub's subscription for nobody, as long as the hub has clients.
fn feed(
    door: Arc<Door>,
    hub: std::sync::Weak<Hub>,
    prepared: &Prepared,
    from: Revision,
    stop: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let (asked, place) = (Asked::default(), Place::after(from));
    let request = prepared.request_of_nobody();
    let request = request.data(asked.clone()).data(place.clone());
    let mut answers = door.engine.stream(request);
    async move {
        loop {
            let answer = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = door.drain.stopping() => return,
                answer = AssertUnwindSafe(answers.next()).catch_unwind() => answer,
            };
            let Some(hub) = hub.upgrade() else { return };
            let answer = match answer {
                Ok(Some(response)) => shape(response),
                Ok(None) | Err(_) => return hub.end(),
            };
            match answer {
                // A result without a value: each client gets it from an execution of its own.
                Answer::Executed(response) if response.data == async_graphql::Value::Null => {
                    return hub.end();
                }
                Answer::Refused { .. } => return hub.end(),
                answer => hub.push(place.told(), text(answer), asked.who()),
            }
        }
    }
}

async fn next(answers: &mut BoxStream<'static, Response>, begun: bool) -> Option<Event> {
    match AssertUnwindSafe(answers.next()).catch_unwind().await {
        Ok(answer) => answer.map(|response| of_answer(shape(response), begun)),
        Err(_) => Some(panicked()),
    }
}

//! The operations at work on one connection. In: what clients begin and end. Out: what happens in them, by
//! name. Must not know: sockets.

use std::collections::HashMap;
use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;

use async_stream::stream;
use futures::StreamExt as _;
use futures::stream::{AbortHandle, Abortable, BoxStream, SelectAll, once};

use crate::http::door::Door;
use crate::http::events::{self, Event};
use crate::http::params::Params;

/// What happens in an operation.
pub enum Happening {
    /// It gives something.
    Event(Event),
    /// It is complete.
    End,
}

type Named = (Arc<str>, Happening);

/// The operations, by the client's names.
#[derive(Default)]
pub struct Operations {
    running: SelectAll<BoxStream<'static, Named>>,
    handles: HashMap<Arc<str>, AbortHandle>,
}

impl Operations {
    /// Begins an operation; checking who asks and what is part of its work.
    pub fn begin(
        &mut self,
        id: String,
        door: &Arc<Door>,
        params: Params,
        (token, address): (Option<String>, Option<IpAddr>),
    ) {
        let id: Arc<str> = id.into();
        let events = operate(Arc::clone(door), params, token, address);
        let name = Arc::clone(&id);
        let happenings = events
            .map(Happening::Event)
            .chain(once(std::future::ready(Happening::End)))
            .map(move |happening| (Arc::clone(&name), happening));
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(id, handle);
        self.running
            .push(Abortable::new(happenings, registration).boxed());
    }

    /// What happens next in any of them; waits for ever when there is none.
    pub async fn next(&mut self) -> Named {
        match self.running.next().await {
            Some(named) => named,
            None => pending().await,
        }
    }

    /// Ends one; nothing happens in it any more.
    pub fn end(&mut self, id: &str) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// Ends all.
    pub fn end_all(&mut self) {
        for (_, handle) in self.handles.drain() {
            handle.abort();
        }
        self.running.clear();
    }

    /// Whether one of that name is at work.
    pub fn has(&self, id: &str) -> bool {
        self.handles.contains_key(id)
    }

    /// How many are at work.
    pub fn len(&self) -> usize {
        self.handles.len()
    }
}

fn operate(
    door: Arc<Door>,
    params: Params,
    token: Option<String>,
    address: Option<IpAddr>,
) -> BoxStream<'static, Event> {
    // What is only needed at the beginning is in boxes of its own, which do not last as long as the operation.
    let stream = stream! {
        let caller = match Box::pin(door.caller(token.as_deref(), address)).await {
            Ok(caller) if caller.token_refused => {
                yield Event::Expired;
                return;
            }
            Ok(caller) => caller,
            Err(refusal) => {
                yield Event::refused(&refusal);
                return;
            }
        };
        match Box::pin(door.prepare(params, caller.clone())).await {
            Ok(prepared) => {
                let mut events = events::of(door, prepared, caller);
                while let Some(event) = events.next().await {
                    yield event;
                }
            }
            Err(refusal) => yield Event::refused(&refusal),
        }
    };
    stream.boxed()
}

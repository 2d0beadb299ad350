//! Whether it is our own network that is down, and who was blamed before that was seen. In: how attempts at hosts
//! went. Out: yes or no; sources to pardon. Pure.

use std::collections::VecDeque;

use entity::{Millis, PollErrorKind};

use crate::store::Pardon;

/// Hosts that are looked at: the last ones asked.
const HOSTS: usize = 20;
/// With fewer hosts than this, nothing can be told.
const FEWEST: usize = 6;
/// Of so many hosts in ten without an answer, it is us.
const SILENT_OF_TEN: usize = 9;
/// Failures so long ago were others'.
const PARDON_SECONDS: i64 = 900;
/// Most failures that are remembered.
const MOST_BLAMED: usize = 1_000;

/// The last hosts asked, each once, and whether they could be reached.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    hosts: VecDeque<(String, bool)>,
    blamed: VecDeque<Pardon>,
}

/// Whether an error may just as well be that of our own network.
#[must_use]
pub const fn is_silence(error: PollErrorKind) -> bool {
    matches!(
        error,
        PollErrorKind::Dns | PollErrorKind::Connect | PollErrorKind::Timeout
    )
}

impl Outage {
    /// Notes an attempt, and says whether nearly nothing can be reached any more.
    pub fn note(&mut self, host: &str, error: Option<PollErrorKind>) -> bool {
        self.hosts.retain(|(name, _)| name != host);
        let silent = error.is_some_and(is_silence);
        self.hosts.push_back((host.to_owned(), silent));
        if self.hosts.len() > HOSTS {
            self.hosts.pop_front();
        }
        self.is_on()
    }

    /// Remembers a source that was blamed for silence.
    pub fn blame(&mut self, pardon: Pardon) {
        if self.blamed.len() >= MOST_BLAMED {
            self.blamed.pop_front();
        }
        self.blamed.push_back(pardon);
    }

    /// Those who were blamed lately, once it is seen that it was not they.
    pub fn pardons(&mut self, now: Millis) -> Vec<Pardon> {
        let lately = |pardon: &Pardon| now.since(pardon.at) <= PARDON_SECONDS * 1000;
        self.blamed.retain(lately);
        if self.is_on() {
            self.blamed.drain(..).collect()
        } else {
            Vec::new()
        }
    }

    fn is_on(&self) -> bool {
        let silent = self.hosts.iter().filter(|(_, silent)| *silent).count();
        self.hosts.len() >= FEWEST && silent * 10 >= self.hosts.len() * SILENT_OF_TEN
    }
}

#[cfg(test)]
mod tests {
    use entity::{SourceId, SourceStatus};

    use super::*;

    const DNS: Option<PollErrorKind> = Some(PollErrorKind::Dns);

    #[test]
    fn silence_everywhere_is_our_own() {
        let mut outage = Outage::default();
        for host in 0..5 {
            assert!(!outage.note(&host.to_string(), DNS));
        }
        assert!(outage.note("5", DNS));
        // One answer is enough to think again, until there is silence everywhere else.
        assert!(!outage.note("6", None));
        for host in 7..9 {
            assert!(!outage.note(&host.to_string(), DNS));
        }
        assert!(outage.note("9", DNS));
    }

    #[test]
    fn one_host_counts_once_and_refusals_are_answers() {
        let mut outage = Outage::default();
        for host in 0..100 {
            assert!(!outage.note("same", Some(PollErrorKind::Timeout)));
            assert!(!outage.note(&host.to_string(), Some(PollErrorKind::HttpStatus)));
        }
    }

    #[test]
    fn those_blamed_lately_are_pardoned_once() {
        let mut outage = Outage::default();
        let blamed = |at| Pardon {
            source_id: SourceId(1),
            fence: 1,
            failures: 0,
            first_failed_at: None,
            status: SourceStatus::Active,
            at: Millis(at),
        };
        outage.blame(blamed(0));
        outage.blame(blamed(1_000_000));
        assert_eq!(outage.pardons(Millis(0)), []);
        for host in 0..6 {
            outage.note(&host.to_string(), DNS);
        }
        assert_eq!(outage.pardons(Millis(1_000_000)), [blamed(1_000_000)]);
        assert_eq!(outage.pardons(Millis(1_000_000)), []);
    }
}

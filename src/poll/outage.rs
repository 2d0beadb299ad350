//! Whether it is our own network that is down. In: how attempts at hosts went. Out: yes or no. Pure.

use std::collections::VecDeque;

use entity::PollErrorKind;

/// Hosts that are looked at: the last ones asked.
const HOSTS: usize = 20;
/// So many of them without an answer mean that it is us.
const SILENT: usize = 18;

/// The last hosts asked, each once, and whether they could be reached.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    hosts: VecDeque<(String, bool)>,
}

impl Outage {
    /// Notes an attempt, and says whether nearly nothing can be reached any more.
    pub fn note(&mut self, host: &str, error: Option<PollErrorKind>) -> bool {
        let silent = matches!(
            error,
            Some(PollErrorKind::Dns | PollErrorKind::Connect | PollErrorKind::Timeout)
        );
        self.hosts.retain(|(name, _)| name != host);
        self.hosts.push_back((host.to_owned(), silent));
        if self.hosts.len() > HOSTS {
            self.hosts.pop_front();
        }
        self.hosts.iter().filter(|(_, silent)| *silent).count() >= SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_everywhere_is_our_own() {
        let mut outage = Outage::default();
        let dns = Some(PollErrorKind::Dns);
        for host in 0..17 {
            assert!(!outage.note(&host.to_string(), dns));
        }
        assert!(outage.note("17", dns));
        assert!(outage.note("18", None));
        assert!(outage.note("19", None));
        assert!(!outage.note("20", None));
    }

    #[test]
    fn one_host_counts_once_and_refusals_are_answers() {
        let mut outage = Outage::default();
        for host in 0..100 {
            assert!(!outage.note("same", Some(PollErrorKind::Timeout)));
            assert!(!outage.note(&host.to_string(), Some(PollErrorKind::HttpStatus)));
        }
    }
}

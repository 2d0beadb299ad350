//! What the system allows the process. In: nothing. Out: as many open files as may be had. Must not know:
//! what opens them.

use std::error::Error;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one: every connection is one, and the usual soft limit
/// of 1,024 would be the first thing that many live clients meet.
pub fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        let error: &dyn Error = &error;
        tracing::warn!(error, "the limit of open files stays as it is");
    }
}

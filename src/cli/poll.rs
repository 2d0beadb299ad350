//! `feedgraph poll`. In: the database. Out: everything due polled once, and how that went.

use entity::PollOutcome;
use tokio_util::sync::CancellationToken;

use super::CliError;
use super::output::say;
use super::progress::Progress;
use super::serve::stop_signal;
use crate::app::Parts;
use crate::clock::Clock;
use crate::config::Config;
use crate::poll::{PollReport, Visited};

/// Polls what is due; Ctrl-C gives visits in hand a moment and leaves the rest due.
pub async fn run(config: &Config) -> Result<(), CliError> {
    let parts = Parts::open(config, Clock::system()).await?;
    let stop = CancellationToken::new();
    let on_signal = stop.clone();
    tokio::spawn(async move {
        stop_signal().await;
        on_signal.cancel();
    });
    let mut bar: Option<Progress> = None;
    let report = parts
        .poller
        .poll_due_once(&stop, |progress| {
            let bar = bar.get_or_insert_with(|| Progress::new("polled", progress.due));
            if let Some(failure) = failure_of(progress.visited) {
                bar.note(&failure);
            }
            bar.step(&progress.visited.feed_url);
        })
        .await?;
    if let Some(bar) = bar {
        bar.finish();
    }
    parts.store.close().await?;
    say(summary(&report));
    Ok(())
}

fn failure_of(visited: &Visited) -> Option<String> {
    if visited.attempt.outcome != PollOutcome::Failed {
        return None;
    }
    let message = visited.attempt.message.as_deref().unwrap_or("failed");
    Some(format!("{}: {message}", visited.feed_url))
}

fn summary(report: &PollReport) -> String {
    format!(
        "{} polled: {} changed, {} unchanged, {} failed; {} entries added, {} updated",
        report.polled,
        report.changed,
        report.unchanged,
        report.failed,
        report.added,
        report.updated
    )
}

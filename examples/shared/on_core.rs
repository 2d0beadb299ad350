//! Programs kept on one core. In: a core, arguments. Out: how to start this program with them there. Must not know: what they do.

use std::process::Command;

/// This program with other arguments, kept on one core by `taskset`.
pub fn on_core(core: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("taskset");
    command
        .args(["-c", core])
        .arg(std::env::current_exe().expect("a path to this program"))
        .args(arguments);
    command
}

//! What the commands say. In: texts. Out: lines on standard output and error. Must not know: the commands.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line. When nobody reads on, as in `feedgraph schema | head`, the program ends quietly.
pub fn say(line: impl Display) {
    if writeln!(io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a line on standard error.
pub fn warn(line: impl Display) {
    // There is no one else to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints an error with all its causes in one line.
pub fn complain(error: &dyn Error) {
    warn(format!("feedgraph: {}", with_causes(error)));
}

/// An error and its causes; one that only repeats what was said is left out.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

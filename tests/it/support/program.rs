//! The program as its users start it. In: arguments and a folder. Out: what it says, and its end.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::within;

/// How a finished program ended.
#[derive(Debug)]
pub struct Ended {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// The program with arguments, in a folder, without variables of the test's own environment.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedgraph"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub async fn run(folder: &Path, arguments: &[&str]) -> Ended {
    finish(command(folder, arguments)).await
}

/// Runs a command that reads standard input to its end.
pub async fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut command = command(folder, arguments);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).await.expect("it reads");
    drop(stdin);
    ended(child).await
}

/// Runs a prepared command to its end.
pub async fn finish(mut command: Command) -> Ended {
    ended(command.spawn().expect("it starts")).await
}

async fn ended(child: Child) -> Ended {
    let output = within("the program's end", child.wait_with_output()).await;
    let output = output.expect("an output");
    Ended {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A program at work.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it said so far on standard output.
    pub said: Vec<String>,
}

impl Running {
    /// Starts it.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = command(folder, arguments);
        let mut child = command.stderr(Stdio::null()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("it is piped");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
            said: Vec::new(),
        }
    }

    /// Reads on until it says a line with `part`, and gives what comes after that.
    pub async fn says(&mut self, part: &str) -> String {
        let reading = async {
            loop {
                let line = self.lines.next_line().await.expect("text");
                let line = line.unwrap_or_else(|| panic!("it ended after {:#?}", self.said));
                self.said.push(line.clone());
                if let Some((_, after)) = line.split_once(part) {
                    return after.trim().to_owned();
                }
            }
        };
        within(&format!("the program to say {part:?}"), reading).await
    }

    /// Sends a signal, `TERM` or `INT`, and waits for its end; true when it ended well.
    pub async fn end_with(mut self, signal: &str) -> bool {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.await.expect("kill").success());
        let status = within("the program's end", self.child.wait()).await;
        status.expect("a status").success()
    }

    /// Kills it as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is killed");
    }
}

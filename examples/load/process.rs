//! Programs under load. In: arguments. Out: this program running with them on the server's core, and what it costs there, as Linux
//! tells. Must not know: what they do.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::memory::memory;
use super::on_core::on_core;

/// A running program; it ends with the value.
pub struct Process {
    _child: Child,
    id: u32,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Memory of a process, in KB.
#[derive(Clone, Copy)]
pub struct Memory {
    /// The most that was resident at any time, with the pages of the database file that it looked into.
    pub peak: u64,
    /// Resident now, its own.
    pub own: u64,
}

impl Process {
    /// Starts this program with other arguments on the server's core.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::from(on_core("0", arguments))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("taskset, which keeps a program on one core");
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            id: child.id().unwrap(),
            _child: child,
        }
    }

    /// The next line that it says.
    pub async fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).await.unwrap();
        line.trim().to_owned()
    }

    /// Tells it a line.
    pub async fn tell(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// How long it has been on its core, in seconds.
    pub fn busy(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
        // utime and stime, in hundredths of a second.
        let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
        (ticks(12) + ticks(13)) / 100.0
    }

    pub fn memory(&self) -> Memory {
        let id = self.id.to_string();
        let find = |field| memory(&id, field).unwrap();
        Memory {
            peak: find("VmHWM:"),
            own: find("RssAnon:"),
        }
    }
}

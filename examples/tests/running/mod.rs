//! An example that runs as a program of its own, until it is told to end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The program, and what it has said so far.
pub(crate) struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts an example that listens at a port, which it says in its first line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_zactor-examples"))
            .args(arguments)
            .args(["--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let words = line.split(|c: char| c.is_whitespace() || c == '/');
        let address = words.into_iter().find_map(|word| word.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Running { process, output, address }
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    /// What it says until it ends, which it must do with 0.
    pub(crate) fn end(mut self) -> String {
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}: {said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The number behind `name` in a table.
pub(crate) fn number(said: &str, name: &str) -> u64 {
    let of_row = |row: &str| {
        let row = row.trim_matches(|c: char| c.is_whitespace() || c == '│');
        let number = row.strip_prefix(name)?.trim_matches(|c: char| !c.is_ascii_digit());
        number.replace(',', "").parse().ok()
    };
    said.lines().find_map(of_row).unwrap_or(0)
}

//! Examples of zactor: one binary, a subcommand an example, each in a file or folder of its name.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod ui;
mod hello;
mod ring;
mod pingpong;
mod heartbeat;
mod bank;
mod pipeline;
mod census;
mod chaos;
mod http;
mod chat;

/// Examples of zactor, an actor framework.
#[derive(Parser)]
#[command(name = "zactor-examples", version)]
struct Arguments {
    #[command(subcommand)]
    example: Example,
}

#[derive(Subcommand)]
enum Example {
    /// One actor that counts, in twenty lines.
    Hello,
    /// A token goes round a ring of actors.
    Ring(ring::Arguments),
    /// Pairs of actors throw a ball back and forth.
    Pingpong(pingpong::Arguments),
    /// Nodes send heartbeats by timers; who falls silent is reported.
    Heartbeat(heartbeat::Arguments),
    /// Transfers among many accounts, by asks; no cent is lost.
    Bank(bank::Arguments),
    /// A producer faster than its consumers, and what each overflow policy makes of that; nothing goes unaccounted for.
    Pipeline(pipeline::Arguments),
    /// An inventory of a directory tree: files, lines, words and bytes by kind, frequent words, longest lines.
    Census(census::Arguments),
    /// A bank and a census under injected panics: what is lost, what is done again, and that the results are exact.
    Chaos(chaos::Arguments),
    /// An HTTP service: a limiter for each client, a session store; 429 when full, 504 when late; Ctrl-C drains.
    Http(http::Arguments),
    /// Chat rooms over TCP, where nobody waits for who reads slowly.
    Chat(chat::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().example {
        Example::Hello => hello::run().map(|()| ExitCode::SUCCESS),
        Example::Ring(arguments) => ring::run(&arguments),
        Example::Pingpong(arguments) => pingpong::run(&arguments),
        Example::Heartbeat(arguments) => heartbeat::run(&arguments),
        Example::Bank(arguments) => bank::run(&arguments),
        Example::Pipeline(arguments) => pipeline::run(&arguments),
        Example::Census(arguments) => census::run(arguments),
        Example::Chaos(arguments) => chaos::run(arguments),
        Example::Http(arguments) => http::run(&arguments),
        Example::Chat(arguments) => chat::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_stands_in_the_readme() {
        let (_, program) = include_str!("hello.rs").split_once("\n\n").unwrap();
        let quoted = program.replace("pub(crate) fn run()", "fn main()");
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&format!("```rust\n{quoted}```\n")), "quote this:\n{quoted}");
    }

    #[test]
    fn command_line_is_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
        let _: Arguments =
            Parser::parse_from(["zactor-examples", "census", ".", "--json", "--verify"]);
    }
}

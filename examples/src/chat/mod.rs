//! Chat rooms over TCP: an actor for each room, two for each connection. A room sends each line to all who are in it, and
//! waits for none of them: who reads too slowly loses the oldest lines, and is told how many. Who talks faster than the room
//! can follow is read no faster. Ctrl-C ends it: what has been said is written. Checked: no line is written twice.
//!
//! Try it: `nc localhost 8081`, then `/join rust`, and lines of text.
//!
//! `connection.rs` is what a client says, `outbox.rs` what it is sent, `room.rs` who is where.

mod connection;
mod outbox;
mod room;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use zactor::prelude::*;

use crate::ui::{self, Failed, Outcome};
use connection::Connection;
use outbox::Outbox;
use room::Room;

/// How long actors may take for what they have in their mailboxes at the end.
const LAST_WORK: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Port of this machine to listen at; 0: one that is free.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// Lines that may wait for one who reads slowly; the oldest beyond are lost.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    lines: u32,
}

/// What rooms and connections have counted when they end.
#[derive(Clone, Copy, Default)]
struct Counts {
    sent: u64,
    written: u64,
    lost: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let system = ActorSystem::builder("chat").tokio(runtime.handle().clone()).start()?;
    let (counts, ended) = channel();
    let lines = arguments.lines;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = runtime.block_on(TcpListener::bind(address))?;
    ui::print(&format!("listening on {}", listener.local_addr()?))?;

    let accepting = runtime.spawn(accept(listener, system.clone(), lines, counts));
    // Without the signal there is nothing to wait for.
    let _ = runtime.block_on(tokio::signal::ctrl_c());
    accepting.abort();

    // Rooms first: what has been said is on its way to all who hear it before their connections end.
    for name in system.tree().into_iter().filter_map(|actor| actor.name) {
        if let Some(room) = system.lookup::<Room>(&name) {
            room.drain().wait()?;
        }
    }
    system.drain_and_shutdown(LAST_WORK)?;
    let mut sum = Counts::default();
    for counts in ended.try_iter() {
        sum.sent += counts.sent;
        sum.written += counts.written;
        sum.lost += counts.lost;
    }
    let undelivered = sum.sent.checked_sub(sum.written + sum.lost);
    let rows = [
        ("lines for connections", ui::count(sum.sent)),
        ("written", ui::count(sum.written)),
        ("lost by slow readers", ui::count(sum.lost)),
        ("for those who had gone", undelivered.map_or("a mistake".to_owned(), ui::count)),
    ];
    ui::print(&ui::facts(&rows).to_string())?;
    Ok(ui::checked(undelivered.is_some()))
}

/// Two actors for each client that comes.
async fn accept(listener: TcpListener, system: ActorSystem, lines: u32, counts: Sender<Counts>) {
    while let Ok((socket, _)) = listener.accept().await {
        if let Err(error) = welcome(&system, socket, lines, counts.clone()) {
            eprintln!("a connection was refused: {error}");
        }
    }
}

fn welcome(
    system: &ActorSystem,
    socket: TcpStream,
    lines: u32,
    counts: Sender<Counts>,
) -> Result<(), Failed> {
    let (from, to) = socket.into_split();
    let outbox = system.actor_of(Outbox::new(to, counts.clone())).mailbox_capacity(lines);
    system.spawn(Connection::new(from, outbox.spawn()?, counts))?;
    Ok(())
}

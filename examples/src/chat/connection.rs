//! What a client says: lines, as they come. While this actor has no room for them they are not read, and the client's own
//! socket fills up.

use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::task::{Context as TaskContext, Poll, ready};

use futures_core::Stream;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::tcp::OwnedReadHalf;
use zactor::prelude::*;

use super::Counts;
use super::outbox::Outbox;
use super::room::{self, Room, RoomApi};

#[actor(mailbox(capacity = 16), lifecycle)]
pub(crate) struct Connection {
    socket: Option<OwnedReadHalf>,
    outbox: ActorRef<Outbox>,
    counts: Sender<Counts>,
    name: String,
    room: Option<ActorRef<Room>>,
}

impl Connection {
    pub(crate) fn new(
        socket: OwnedReadHalf,
        outbox: ActorRef<Outbox>,
        counts: Sender<Counts>,
    ) -> Self {
        let name = format!("guest {}", outbox.id());
        Connection { socket: Some(socket), outbox, counts, name, room: None }
    }

    fn leave(&mut self) {
        if let Some(room) = self.room.take() {
            // A room that has ended knows nobody any more.
            let _ = room.leave(self.outbox.id());
        }
    }
}

#[handlers]
impl Connection {
    /// A line, or the end of them.
    fn said(&mut self, line: Option<String>, ctx: &mut Context<Self>) {
        let Some(line) = line else { return ctx.stop() };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("/quit", _) => ctx.stop(),
            ("/name", name) => name.clone_into(&mut self.name),
            ("/join", name) => {
                self.leave();
                let Ok(room) = room::of(ctx.system(), name, &self.counts) else { return };
                let _ = room.join(self.name.clone(), self.outbox.clone());
                self.room = Some(room);
            }
            _ => {
                if let Some(room) = &self.room {
                    // A room that cannot follow lets this actor wait.
                    let _ = room.say(self.name.clone(), line);
                }
            }
        }
    }
}

impl Lifecycle for Connection {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        if let Some(socket) = self.socket.take() {
            let lines = Said(Some(BufReader::new(socket).lines()));
            ctx.attach_stream(lines, |line| ConnectionSaid { line });
        }
        Ok(())
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.leave();
        drop(self.outbox.drain());
    }
}

/// The lines of a socket, and a `None` as the last item.
struct Said(Option<Lines<BufReader<OwnedReadHalf>>>);

impl Stream for Said {
    type Item = Option<String>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let Some(lines) = &mut self.0 else { return Poll::Ready(None) };
        // What is no text is the end as well.
        let line = ready!(Pin::new(lines).poll_next_line(task)).unwrap_or(None);
        if line.is_none() {
            self.0 = None;
        }
        Poll::Ready(Some(line))
    }
}

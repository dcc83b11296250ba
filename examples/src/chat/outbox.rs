//! What a client is sent. While the client does not read, the handler waits, lines come, and the policy of the mailbox
//! decides: the oldest go. Nobody else waits for this client.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use zactor::prelude::*;

use super::Counts;

#[actor(mailbox(overflow = drop_old), lifecycle)]
pub(crate) struct Outbox {
    socket: OwnedWriteHalf,
    /// Where the last line came from, and the number of the next one.
    room: ActorId,
    next: u64,
    counts: Counts,
    ended: Sender<Counts>,
}

impl Outbox {
    pub(crate) fn new(socket: OwnedWriteHalf, ended: Sender<Counts>) -> Self {
        Outbox { socket, room: ActorId::NONE, next: 1, counts: Counts::default(), ended }
    }
}

#[handlers]
impl Outbox {
    /// Line `number` that this room has for this connection, from 1 on.
    async fn line(&mut self, room: ActorId, number: u64, text: Arc<str>, ctx: &mut Context<Self>) {
        if room != self.room || number < self.next {
            (self.room, self.next) = (room, 1); // it has joined
        }
        let lost = number - self.next;
        self.next = number + 1;
        self.counts.lost += lost;
        let text = match lost {
            0 => format!("{text}\n"),
            lost => format!("* {lost} lines were lost\n{text}\n"),
        };
        match self.socket.write_all(text.as_bytes()).await {
            Ok(()) => self.counts.written += 1,
            Err(_) => ctx.stop(), // it has gone
        }
    }
}

impl Lifecycle for Outbox {
    fn post_stop(&mut self, _: &mut Context<Self>) {
        let _ = self.ended.send(self.counts);
    }
}

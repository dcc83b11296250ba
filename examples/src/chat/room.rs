//! Who is in a room. Its name is that of the actor, so nobody else keeps a list of rooms.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use zactor::prelude::*;

use super::Counts;
use super::outbox::{Outbox, OutboxApi};

/// Who says more than the room can follow waits: his connection does not run until half of this is done.
#[actor(mailbox(capacity = 1024, overflow = block), lifecycle)]
pub(crate) struct Room {
    name: String,
    members: BTreeMap<u64, Member>,
    counts: Counts,
    ended: Sender<Counts>,
}

struct Member {
    name: String,
    outbox: ActorRef<Outbox>,
    /// Lines that this room had for it.
    lines: u64,
}

/// The room of this name, new if there is none.
pub(crate) fn of(
    system: &ActorSystem,
    name: &str,
    ended: &Sender<Counts>,
) -> Result<ActorRef<Room>, zactor::SpawnError> {
    loop {
        if let Some(room) = system.lookup(name) {
            return Ok(room);
        }
        let (name, ended) = (name.to_owned(), ended.clone());
        let room = Room { name, members: BTreeMap::new(), counts: Counts::default(), ended };
        let name = room.name.clone();
        match system.actor_of(room).name(name).spawn() {
            // Somebody else was faster.
            Err(zactor::SpawnError::NameTaken) => {}
            made => return made,
        }
    }
}

impl Room {
    fn tell_all(&mut self, me: ActorId, text: &str) {
        let text: Arc<str> = text.into();
        for member in self.members.values_mut() {
            member.lines += 1;
            // Accepted, whatever waits there; or the connection has ended, and will be reported.
            if member.outbox.line(me, member.lines, Arc::clone(&text)).is_ok() {
                self.counts.sent += 1;
            }
        }
    }
}

#[handlers]
impl Room {
    fn join(&mut self, name: String, outbox: ActorRef<Outbox>, ctx: &mut Context<Self>) {
        ctx.watch(&outbox);
        let text = format!("* {name} has come to {}", self.name);
        self.members.insert(outbox.id().as_raw(), Member { name, outbox, lines: 0 });
        self.tell_all(ctx.id(), &text);
    }

    fn leave(&mut self, who: ActorId, ctx: &mut Context<Self>) {
        ctx.unwatch(who);
        self.gone(who, ctx);
    }

    fn say(&mut self, who: String, text: String, ctx: &mut Context<Self>) {
        self.tell_all(ctx.id(), &format!("{who}: {text}"));
    }
}

impl Room {
    fn gone(&mut self, who: ActorId, ctx: &mut Context<Self>) {
        if let Some(member) = self.members.remove(&who.as_raw()) {
            self.tell_all(ctx.id(), &format!("* {} has gone", member.name));
        }
    }
}

impl Lifecycle for Room {
    fn on_terminated(&mut self, ctx: &mut Context<Self>, who: Terminated) {
        self.gone(who.id, ctx);
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        let _ = self.ended.send(self.counts);
    }
}

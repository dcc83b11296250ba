//! How often each client may come: an actor for each, which goes when its client has been away for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zactor::prelude::*;

/// A client who has been away for so long is forgotten. Its bucket is full by then.
const AWAY: Duration = Duration::from_secs(60);

/// Knows the limiter of each client, and passes requests on to it.
#[actor(lifecycle)]
pub(crate) struct Limiters {
    rate: u32,
    by_client: HashMap<String, ActorRef<Limiter>>,
}

impl Limiters {
    pub(crate) fn new(rate: u32) -> Self {
        Limiters { rate, by_client: HashMap::new() }
    }
}

#[handlers]
impl Limiters {
    /// Whether the client may make one more request. Its limiter answers: this actor waits for nobody.
    fn admit(&mut self, client: String, reply: ReplyTo<bool>, ctx: &mut Context<Self>) {
        let limiter = match self.by_client.get(&client) {
            Some(known) => known.clone(),
            None => {
                // A child: it ends with this actor, and a failure of its concerns nobody else.
                let Ok(new) = ctx.spawn(Limiter::new(self.rate)) else { return };
                ctx.watch(&new);
                self.by_client.insert(client, new.clone());
                new
            }
        };
        // Refused, it ends the ask: the client is told.
        let _ = reply.forward(&limiter, LimiterAdmit {});
    }
}

impl Lifecycle for Limiters {
    fn on_terminated(&mut self, _: &mut Context<Self>, who: Terminated) {
        self.by_client.retain(|_, limiter| limiter.id() != who.id);
    }
}

/// A bucket that one request takes a drop from, and that fills up again within a second.
#[actor(mailbox(capacity = 256), lifecycle)]
pub(crate) struct Limiter {
    rate: f64,
    drops: f64,
    filled: Instant,
}

impl Limiter {
    fn new(rate: u32) -> Self {
        Limiter { rate: rate.into(), drops: rate.into(), filled: Instant::now() }
    }
}

#[handlers]
impl Limiter {
    fn admit(&mut self) -> bool {
        let now = Instant::now();
        let since = now.duration_since(std::mem::replace(&mut self.filled, now));
        self.drops = (self.drops + self.rate * since.as_secs_f64()).min(self.rate);
        let admitted = self.drops >= 1.0;
        if admitted {
            self.drops -= 1.0;
        }
        admitted
    }
}

impl Lifecycle for Limiter {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        ctx.set_receive_timeout(AWAY);
        Ok(())
    }

    fn on_receive_timeout(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

//! Streams: `fan_in` and `fan_out`.

use std::sync::mpsc;

use zactor::error::SpawnError;
use zactor::prelude::*;

use super::start;
use crate::actors::stream::{Dealer, Expect, Produce, Receiver, Sender};
use crate::measure::{Outcome, timed};

pub(super) fn fan_in(senders: u64, messages: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let receiver = system.spawn(Receiver::default())?;
    let senders = (0..senders)
        .map(|_| system.spawn(Sender::new(receiver.clone())))
        .collect::<Result<Vec<ActorRef<Sender>>, _>>()?;
    Ok(timed(messages, |count| {
        let share = count / senders.len() as u64;
        let (done, sum) = mpsc::channel();
        let expect = Expect { count: share * senders.len() as u64, done };
        receiver.tell(expect).expect("the receiver lives");
        for sender in &senders {
            sender.tell(Produce(share)).expect("the sender lives");
        }
        sum.recv().expect("the receiver lives")
    }))
}

pub(super) fn fan_out(receivers: u64, messages: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let receivers = (0..receivers)
        .map(|_| system.spawn(Receiver::default()))
        .collect::<Result<Vec<ActorRef<Receiver>>, _>>()?;
    let dealer = system.spawn(Dealer::new(receivers.clone()))?;
    Ok(timed(messages, |count| {
        let share = (count / receivers.len() as u64).max(1);
        let (done, sums) = mpsc::channel();
        for receiver in &receivers {
            let expect = Expect { count: share, done: done.clone() };
            receiver.tell(expect).expect("the receiver lives");
        }
        drop(done);
        dealer.tell(Produce(share * receivers.len() as u64)).expect("the dealer lives");
        sums.iter().sum()
    }))
}

//! Streams: `fan_in` and `fan_out`.

use std::sync::mpsc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::spawn;
use crate::measure::{Outcome, timed};
use crate::peers::tasks;
use crate::workloads::{BURST, Item};

pub(super) fn fan_in(senders: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let receiver = runtime.block_on(spawn(Receiver, ()));
    let sender = |_| runtime.block_on(spawn(Sender, vec![receiver.clone()]));
    let senders: Vec<_> = (0..senders).map(sender).collect();
    timed(messages, |count| {
        let share = count / senders.len() as u64;
        let (done, sum) = mpsc::channel();
        let _ = receiver.cast(Receive::Expect(share * senders.len() as u64, done));
        senders.iter().for_each(|sender| drop(sender.cast(Send::Produce(share))));
        sum.recv().expect("the receiver lives")
    })
}

pub(super) fn fan_out(receivers: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let receivers: Vec<_> = (0..receivers).map(|_| runtime.block_on(spawn(Receiver, ()))).collect();
    let sender = runtime.block_on(spawn(Sender, receivers.clone()));
    timed(messages, |count| {
        let share = (count / receivers.len() as u64).max(1);
        let (done, sums) = mpsc::channel();
        for receiver in &receivers {
            let _ = receiver.cast(Receive::Expect(share, done.clone()));
        }
        drop(done);
        let _ = sender.cast(Send::Produce(share * receivers.len() as u64));
        sums.iter().sum()
    })
}

enum Receive {
    Expect(u64, mpsc::Sender<u64>),
    Item(Item),
}

struct Receiver;

#[derive(Default)]
struct Sum {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Actor for Receiver {
    type Msg = Receive;
    type State = Sum;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Receive>, (): ()) -> Result<Sum, ActorProcessingErr> {
        Ok(Sum::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Receive>,
        message: Receive,
        state: &mut Sum,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Receive::Expect(left, done) => *state = Sum { left, sum: 0, done: Some(done) },
            Receive::Item(item) => {
                state.sum += item.value;
                state.left -= 1;
                if state.left == 0
                    && let Some(done) = state.done.take()
                {
                    let _ = done.send(state.sum);
                }
            }
        }
        Ok(())
    }
}

enum Send {
    Produce(u64),
    Continue,
}

/// Sends to its receivers in turn.
struct Sender;

struct Order {
    to: Vec<ActorRef<Receive>>,
    turn: usize,
    next: u64,
    end: u64,
}

impl Order {
    fn send_until(&mut self, stop: u64) {
        for value in self.next..stop {
            let _ = self.to[self.turn].cast(Receive::Item(Item::new(value)));
            self.turn += 1;
            if self.turn == self.to.len() {
                self.turn = 0;
            }
        }
        self.next = stop;
    }
}

impl Actor for Sender {
    type Msg = Send;
    type State = Order;
    type Arguments = Vec<ActorRef<Receive>>;

    async fn pre_start(
        &self,
        _: ActorRef<Send>,
        to: Vec<ActorRef<Receive>>,
    ) -> Result<Order, ActorProcessingErr> {
        Ok(Order { to, turn: 0, next: 0, end: 0 })
    }

    async fn handle(
        &self,
        myself: ActorRef<Send>,
        message: Send,
        order: &mut Order,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Send::Produce(count) => (order.turn, order.next, order.end) = (0, 0, count),
            Send::Continue => order.send_until(order.end.min(order.next + BURST)),
        }
        if order.next < order.end {
            myself.cast(Send::Continue)?;
        }
        Ok(())
    }
}

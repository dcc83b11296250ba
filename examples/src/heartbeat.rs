//! Nodes send heartbeats by a periodic timer; somebody listens to each, and says which of them has gone silent.
//! Checked: each node that was to fall silent is reported, and none twice.

use std::collections::BTreeSet;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use zactor::prelude::*;

use crate::ui::{self, Delivered, Outcome};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Nodes that send heartbeats.
    #[arg(long, default_value_t = 8)]
    nodes: u32,
    /// How many of them fall silent, one after the other.
    #[arg(long, default_value_t = 3)]
    silent: u32,
    /// Milliseconds between two beats of a node, 1 or more. Five that do not come are silence.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    period: u64,
}

/// A node is to send the next beat.
#[derive(Message)]
struct Tick;

/// A node falls silent.
#[derive(Message)]
struct Fail;

#[actor(Tick, Fail, lifecycle)]
struct Node {
    period: Duration,
    /// When it falls silent, if it does.
    fails_after: Option<Duration>,
    listener: ActorRef<Listener>,
    beats: Option<Timer>,
}

impl Lifecycle for Node {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        self.beats = Some(ctx.send_every(self.period, || Tick)?);
        if let Some(delay) = self.fails_after {
            ctx.send_after(delay, Fail);
        }
        Ok(())
    }
}

impl Handler<Tick> for Node {
    fn handle(&mut self, _: Tick, _ctx: &mut Context<Self>) {
        self.listener.tell(Beat).delivered();
    }
}

impl Handler<Fail> for Node {
    fn handle(&mut self, _: Fail, _ctx: &mut Context<Self>) {
        if let Some(beats) = self.beats.take() {
            beats.cancel();
        }
    }
}

#[derive(Message)]
struct Beat;

#[actor(Beat, lifecycle)]
struct Listener {
    node: u32,
    patience: Duration,
    heard: u32,
    reports: Sender<Report>,
}

struct Report {
    node: u32,
    heard: u32,
}

impl Lifecycle for Listener {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        ctx.set_receive_timeout(self.patience);
        Ok(())
    }

    fn on_receive_timeout(&mut self, ctx: &mut Context<Self>) {
        self.reports.send(Report { node: self.node, heard: self.heard }).ok();
        ctx.set_receive_timeout(None); // said once
    }
}

impl Handler<Beat> for Listener {
    fn handle(&mut self, _: Beat, _ctx: &mut Context<Self>) {
        self.heard += 1;
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let period = Duration::from_millis(arguments.period);
    let system = ActorSystem::start("heartbeat")?;
    let (reports, reported) = channel();
    let begin = Instant::now();
    for node in 0..arguments.nodes {
        let patience = period * 5;
        let listener = Listener { node, patience, heard: 0, reports: reports.clone() };
        let listener = system.spawn(listener)?;
        let fails_after = (node < arguments.silent).then(|| period * 10 * (node + 1));
        system.spawn(Node { period, fails_after, listener, beats: None })?;
    }
    let mut missing: BTreeSet<u32> = (0..arguments.silent.min(arguments.nodes)).collect();
    let mut right = true;
    while !missing.is_empty() {
        match reported.recv_timeout(period * 100 + Duration::from_secs(10)) {
            Ok(Report { node, heard }) => {
                let at = begin.elapsed().as_millis();
                let known = if missing.remove(&node) { "" } else { " (a false alarm)" };
                right &= known.is_empty() || node >= arguments.silent;
                ui::print(&format!(
                    "{at:>6} ms  node {node} is silent, after {heard} beats{known}"
                ))?;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                right = false;
                break;
            }
        }
    }
    let stats = system.shutdown()?.stats;
    ui::print(&format!(
        "{} messages, all of them sent by timers or because of one",
        stats.messages.handled
    ))?;
    Ok(ui::checked(right && missing.is_empty()))
}

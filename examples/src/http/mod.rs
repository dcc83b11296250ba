//! An HTTP service over actors: who comes too often, or when the store has too much to do, is told so at once (429); who
//! has waited too long is not kept waiting (504). Ctrl-C ends it: requests that have come are answered, what actors have in
//! their mailboxes is handled. Checked: no request is unaccounted for.
//!
//! `limiter.rs` is how often each client may come, `sessions.rs` the store, `service.rs` what a request goes through.

mod limiter;
mod service;
mod sessions;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use zactor::prelude::*;

use crate::ui::{self, Outcome};
use limiter::Limiters;
use service::{Service, Tally, TallyApi};
use sessions::Sessions;

/// How long actors may take for what they have in their mailboxes when the service ends.
const LAST_WORK: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Port of this machine to listen at; 0: one that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Requests a second that one client may make.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Requests that may wait for the store.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    queue: u32,
    /// Milliseconds that the store takes for one.
    #[arg(long, default_value_t = 2)]
    work: u64,
    /// Milliseconds that a request may wait.
    #[arg(long, default_value_t = 100)]
    patience: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let system = ActorSystem::builder("http").tokio(runtime.handle().clone()).start()?;
    let work = Duration::from_millis(arguments.work);
    let sessions = system.actor_of(Sessions::new(work)).mailbox_capacity(arguments.queue);
    let tally = system.spawn(Tally::default())?;
    let service = Service {
        limiters: system.spawn(Limiters::new(arguments.rate))?,
        sessions: sessions.name("sessions").spawn()?,
        tally: tally.clone(),
        patience: Duration::from_millis(arguments.patience),
    };

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    runtime.block_on(serve(address, service))?;

    let answers = tally.answers().wait()?;
    let report = system.drain_and_shutdown(LAST_WORK)?;
    let messages = &report.stats.messages;
    let mut rows = vec![];
    for (status, count) in &answers {
        rows.push(vec![status.to_string(), ui::count(*count)]);
    }
    ui::print(&ui::table(&["status", "answers"], 1, rows).to_string())?;
    ui::print(&format!(
        "{} messages handled, {} refused, {} replies came too late",
        ui::count(messages.handled),
        ui::count(messages.rejected),
        ui::count(report.stats.late_replies),
    ))?;
    Ok(ui::checked(messages.queued == 0 && messages.accepted == messages.handled))
}

/// Answers requests until Ctrl-C, and then those that have come.
async fn serve(address: SocketAddr, service: Service) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    ui::print(&format!("listening on http://{}/session/NAME", listener.local_addr()?))?;
    let ctrl_c = async {
        // Without the signal there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, service.router()).with_graceful_shutdown(ctrl_c).await
}

//! What a request goes through, and what becomes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use zactor::prelude::*;

use super::limiter::{Limiters, LimitersApi};
use super::sessions::{Sessions, SessionsApi};

/// The actors that requests are answered by.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) limiters: ActorRef<Limiters>,
    pub(crate) sessions: ActorRef<Sessions>,
    pub(crate) tally: ActorRef<Tally>,
    pub(crate) patience: Duration,
}

/// Why a request is not answered with 200.
enum Refusal {
    TooOften,
    Ask(AskError),
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        Refusal::Ask(error)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::TooOften => f.write_str("too many requests of this client"),
            Refusal::Ask(error) => error.fmt(f),
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            // A full mailbox says it before the request has cost anything.
            Refusal::TooOften | Refusal::Ask(AskError::Full) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Ask(AskError::Timeout { .. }) => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Ask(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Service {
    pub(crate) fn router(self) -> Router {
        Router::new().route("/session/{name}", get(answer)).with_state(self)
    }

    async fn visit(&self, client: String, name: String) -> Result<u64, Refusal> {
        if !self.limiters.admit(client).timeout(self.patience).await? {
            return Err(Refusal::TooOften);
        }
        Ok(self.sessions.visit(name).timeout(self.patience).await?)
    }
}

async fn answer(
    State(service): State<Service>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    // Who a client is others would take from its credentials.
    let client = headers.get("x-client").and_then(|name| name.to_str().ok()).unwrap_or("somebody");
    let (status, text) = match service.visit(client.to_owned(), name).await {
        Ok(visits) => (StatusCode::OK, format!("visit {visits}\n")),
        Err(refusal) => (refusal.status(), format!("{refusal}\n")),
    };
    // Counted before the client knows.
    let _ = service.tally.send(TallyAdd { status: status.as_u16() }).await;
    (status, text)
}

/// How many requests were answered with which status.
#[actor]
#[derive(Default)]
pub(crate) struct Tally {
    answers: BTreeMap<u16, u64>,
}

#[handlers]
impl Tally {
    fn add(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }
    fn answers(&self) -> BTreeMap<u16, u64> {
        self.answers.clone()
    }
}

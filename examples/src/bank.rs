//! Transfers among many accounts in random order. A teller asks one account for the money and, if that has it, asks another
//! to take it; dozens of transfers of a teller are under way at a time, and nobody waits on a thread.
//! Checked: the sum of all accounts stays what it was, and each transfer was either made or refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zactor::prelude::*;

use crate::ui::{self, Outcome};

/// With how much each account is opened.
const CENTS: u64 = 100;
/// Transfers of a teller that are under way at a time.
const UNDER_WAY: u64 = 64;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Accounts, each an actor.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2..=4_000_000))]
    accounts: u32,
    /// Transfers, of all tellers together.
    #[arg(long, default_value_t = 1_000_000)]
    transfers: u64,
    /// Tellers; 0 = two for each worker.
    #[arg(long, default_value_t = 0)]
    tellers: u32,
    /// Another seed, another order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Takes so much from an account; false if it has less.
#[derive(Message)]
#[message(reply = bool)]
struct Withdraw(u64);

/// Pays so much in.
#[derive(Message)]
#[message(reply = ())]
struct Deposit(u64);

/// What is in an account?
#[derive(Message)]
#[message(reply = u64)]
struct Balance;

#[actor(Withdraw, Deposit, Balance, mailbox(capacity = 65_536))]
struct Account {
    cents: u64,
}

impl Handler<Withdraw> for Account {
    fn handle(&mut self, Withdraw(cents): Withdraw, _ctx: &mut Context<Self>) -> bool {
        let enough = self.cents >= cents;
        if enough {
            self.cents -= cents;
        }
        enough
    }
}

impl Handler<Deposit> for Account {
    fn handle(&mut self, Deposit(cents): Deposit, _ctx: &mut Context<Self>) {
        self.cents += cents;
    }
}

impl Handler<Balance> for Account {
    fn handle(&mut self, _: Balance, _ctx: &mut Context<Self>) -> u64 {
        self.cents
    }
}

/// Begin with so many transfers.
#[derive(Message)]
struct Open(u64);

#[actor(Open)]
struct Teller {
    accounts: Arc<[ActorRef<Account>]>,
    random: u64,
    to_begin: u64,
    under_way: u64,
    made: u64,
    refused: u64,
    books: std::sync::mpsc::Sender<(u64, u64)>,
}

impl Handler<Open> for Teller {
    fn handle(&mut self, Open(transfers): Open, ctx: &mut Context<Self>) {
        self.to_begin = transfers;
        self.go_on(ctx);
    }
}

impl Teller {
    /// Begins as many transfers as may be under way; hands in the books after the last.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        while self.to_begin > 0 && self.under_way < UNDER_WAY {
            self.to_begin -= 1;
            self.under_way += 1;
            self.transfer(ctx);
        }
        if self.under_way == 0 {
            self.books.send((self.made, self.refused)).ok();
        }
    }

    fn transfer(&mut self, ctx: &mut Context<Self>) {
        let (from, to) = (self.any_account(), self.any_account());
        let cents = self.random() % (2 * CENTS) + 1;
        ctx.ask(&from, Withdraw(cents)).then(move |teller, enough, ctx| match enough {
            Ok(true) => ctx.ask(&to, Deposit(cents)).then(|teller, paid_in, ctx| match paid_in {
                Ok(()) => {
                    teller.made += 1;
                    teller.under_way -= 1;
                    teller.go_on(ctx);
                }
                Err(error) => ctx.fail(error),
            }),
            Ok(false) => {
                teller.refused += 1;
                teller.under_way -= 1;
                teller.go_on(ctx);
            }
            Err(error) => ctx.fail(error),
        });
    }

    fn any_account(&mut self) -> ActorRef<Account> {
        let n = self.random() % self.accounts.len() as u64;
        self.accounts[usize::try_from(n).unwrap_or(0)].clone()
    }

    /// xorshift64*
    fn random(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let &Arguments { accounts: n, transfers, tellers, seed } = arguments;
    let system = ActorSystem::start("bank")?;
    let workers = system.stats().workers;
    let tellers = if tellers == 0 { 2 * workers } else { tellers };
    let accounts: Arc<[_]> =
        (0..n).map(|_| system.spawn(Account { cents: CENTS })).collect::<Result<_, _>>()?;

    let start = Instant::now();
    let (books, handed_in) = std::sync::mpsc::channel();
    for teller in 0..u64::from(tellers) {
        let random = (seed << 20 | teller << 1 | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let accounts = Arc::clone(&accounts);
        let (to_begin, under_way, made, refused) = (0, 0, 0, 0);
        let books = books.clone();
        let teller_ref =
            system.spawn(Teller { accounts, random, to_begin, under_way, made, refused, books })?;
        let share =
            transfers / u64::from(tellers) + u64::from(teller < transfers % u64::from(tellers));
        teller_ref.tell(Open(share))?;
    }
    drop(books);
    let (mut made, mut refused) = (0, 0);
    for _ in 0..tellers {
        let book = handed_in.recv().map_err(|_| "a teller failed")?;
        made += book.0;
        refused += book.1;
    }
    let time = start.elapsed();

    let balances: Vec<_> = accounts.iter().map(|account| account.ask(Balance)).collect();
    let mut sum = 0;
    for balance in balances {
        sum += balance.timeout(Duration::from_secs(60)).wait()?;
    }
    let latency = system.stats().latency().send_to_end;
    system.shutdown()?;
    let right = sum == u64::from(n) * CENTS && made + refused == transfers;
    let table = ui::facts(&[
        ("accounts", ui::count(n.into())),
        ("transfers", format!("{} made, {} refused", ui::count(made), ui::count(refused))),
        ("asks", ui::count(2 * made + refused)),
        ("time", format!("{} with {tellers} tellers on {workers} workers", ui::time(time))),
        ("throughput", format!("{} asks", ui::rate(2 * made + refused, time))),
        ("an ask", format!("p50 {}, p99 {}", ui::time(latency.p50), ui::time(latency.p99))),
        (
            "check",
            if right {
                format!("the sum is {} as before", ui::count(sum))
            } else {
                format!("THE SUM IS {sum}")
            },
        ),
    ]);
    ui::print(&table.to_string())?;
    Ok(ui::checked(right))
}

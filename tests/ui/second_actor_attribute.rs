//! Two lists for one actor.
use zactor::prelude::*;

#[derive(Message)]
struct Deposit(u32);

#[derive(Message)]
struct Withdraw(u32);

#[actor(Deposit)]
#[actor(Withdraw, batch = 64)]
struct Account;

impl Handler<Withdraw> for Account {
    fn handle(&mut self, _: Withdraw, _: &mut Context<Self>) {}
}

fn main() {}

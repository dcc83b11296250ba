//! Fixed names of messages are not available.
use zactor::prelude::*;

#[derive(Message)]
#[message(id = "bank.deposit", version = 2)]
struct Deposit;

fn main() {}

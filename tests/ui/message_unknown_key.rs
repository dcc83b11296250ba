//! A key of `#[message(..)]` is misspelt.
use zactor::prelude::*;

#[derive(Message)]
#[message(replay = u64)]
struct Get;

fn main() {}

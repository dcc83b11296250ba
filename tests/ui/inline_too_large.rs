//! An `inline` message does not fit.
use zactor::prelude::*;

#[derive(Message)]
#[message(inline)]
struct Row([u64; 5]);

fn main() {}

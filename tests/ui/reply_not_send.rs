//! A reply is an `Rc`.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = std::rc::Rc<u64>)]
struct Get;

fn main() {}

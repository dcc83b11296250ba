//! A message holds an `Rc`.
use zactor::prelude::*;

#[derive(Message)]
struct Add(std::rc::Rc<u64>);

fn main() {}

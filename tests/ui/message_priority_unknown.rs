//! A lane that there is not.
use zactor::prelude::*;

#[derive(Message)]
#[message(priority = urgent)]
struct Stop;

fn main() {}

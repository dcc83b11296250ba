//! A macro lists a message without handler: the entry is where the macro was called.
use zactor::prelude::*;

macro_rules! counter {
    ($name:ident: $($message:ty),*) => {
        #[actor($($message),*)]
        struct $name;
    };
}

#[derive(Message)]
struct Add(u64);

counter!(Counter: Add);

fn main() {}

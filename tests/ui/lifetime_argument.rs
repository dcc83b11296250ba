//! An argument has a lifetime.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn rename(&mut self, name: std::borrow::Cow<'_, str>) {
        drop(name);
    }
}

fn main() {}

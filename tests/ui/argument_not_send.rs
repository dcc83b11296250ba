//! An argument is not `Send`.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, by: std::rc::Rc<u64>) {
        self.n += *by;
    }
}

fn main() {}

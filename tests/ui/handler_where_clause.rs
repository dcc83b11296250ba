//! A handler has bounds of its own.
use zactor::prelude::*;

#[actor]
struct Counter<K: Send + 'static> {
    keys: Vec<K>,
}

#[handlers]
impl<K: Send + 'static> Counter<K> {
    fn add(&mut self, by: K)
    where
        K: Into<u64>,
    {
        drop(by);
    }
}

fn main() {}

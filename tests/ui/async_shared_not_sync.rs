//! An async method takes `&self` of an actor that is not `Sync`.
use std::cell::Cell;

use zactor::prelude::*;

#[actor]
struct Counter(Cell<u64>);

#[handlers]
impl Counter {
    async fn get(&self) -> u64 {
        std::future::ready(()).await;
        self.0.get()
    }
}

fn main() {}

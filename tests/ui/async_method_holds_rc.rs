//! An async method holds an `Rc` across an await.
use std::rc::Rc;

use zactor::prelude::*;

#[actor]
struct Counter;

#[handlers]
impl Counter {
    async fn wait(&mut self) {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    }
}

fn main() {}

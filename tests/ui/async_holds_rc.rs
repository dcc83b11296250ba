//! An async handler holds an `Rc` across an await: the future may not move to another worker.
use std::rc::Rc;

use zactor::prelude::*;

#[derive(Message)]
struct Wait;

#[actor(async Wait)]
struct Counter;

impl AsyncHandler<Wait> for Counter {
    async fn handle(&mut self, _: Wait, _: &mut Context<Self>) {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    }
}

fn main() {}

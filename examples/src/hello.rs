//! One actor that counts. What follows stands in the README, with `fn main`.

use zactor::prelude::*;

#[actor]
struct Counter(u64);

#[handlers]
impl Counter {
    fn add(&mut self, by: u64) {
        self.0 += by;
    }
    fn get(&self) -> u64 {
        self.0
    }
}

pub(crate) fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let system = ActorSystem::start("hello")?;
    let counter = system.spawn(Counter(0))?;
    for n in 1..=10 {
        counter.add(n)?; // a message, sent without waiting: `add` returns nothing
    }
    println!("1 + 2 + .. + 10 = {}", counter.get().wait()?); // a question, and its answer
    Ok(())
}

//! One actor that counts.

// The lines from here to the end stand in the README.
use zactor::prelude::*;

#[actor]
struct Counter { n: u64 }

#[handlers]
impl Counter {
    fn add(&mut self, by: u64) { self.n += by; } // no reply: `counter.add(3)` returns at once
    fn get(&self) -> u64 { self.n }              // a reply: `counter.get()` is a future, or waits
}

pub(crate) fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let system = ActorSystem::start("hello")?;
    let counter = system.spawn(Counter { n: 0 })?;
    for by in 1..=10 {
        counter.add(by)?;
    }
    println!("1 + 2 + .. + 10 = {}", counter.get().wait()?);
    system.shutdown()?;
    Ok(())
}

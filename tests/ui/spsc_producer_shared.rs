//! Two threads cannot push through one producer.
use std::sync::Arc;

use zactor::queue::spsc;

fn main() {
    let (producer, _consumer) = spsc::channel::<u64>(8).unwrap();
    let shared = Arc::new(producer);
    let other = Arc::clone(&shared);
    std::thread::spawn(move || other.push(1));
    drop(shared);
}

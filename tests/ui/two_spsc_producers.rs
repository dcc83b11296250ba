//! A ring has one producer.
use zactor::queue::spsc;

fn main() {
    let (producer, _consumer) = spsc::channel::<u64>(8).unwrap();
    let second = producer.clone();
    drop((producer, second));
}

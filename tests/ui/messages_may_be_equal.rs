//! Two messages are the same type for some parameter.
use zactor::prelude::*;

#[derive(Message)]
struct Put<K>(K);

#[actor(Put<K>, Put<u8> as PutByte)]
struct Cache<K: Send + 'static> {
    keys: Vec<K>,
}

impl<K: Send + 'static> Handler<Put<K>> for Cache<K> {
    fn handle(&mut self, Put(key): Put<K>, _: &mut Context<Self>) {
        self.keys.push(key);
    }
}

fn main() {}

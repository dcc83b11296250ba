//! A parameter of an actor is bound where it is used, but not on the struct.
use zactor::prelude::*;

#[derive(Message)]
struct Put<K>(K);

#[actor(Put<K>)]
struct Cache<K> {
    keys: Vec<K>,
}

impl<K: Send + 'static> Handler<Put<K>> for Cache<K> {
    fn handle(&mut self, Put(key): Put<K>, _: &mut Context<Self>) {
        self.keys.push(key);
    }
}

fn main() {}

//! A listed message with a path, parameters and a new name has no handler.
use zactor::prelude::*;

mod messages {
    #[derive(zactor::Message)]
    pub struct Put<T>(T);
}

#[actor(messages::Put<u8> as PutByte, messages::Put<u16>)]
struct Store;

impl Handler<messages::Put<u8>> for Store {
    fn handle(&mut self, _: messages::Put<u8>, _: &mut Context<Self>) {}
}

fn main() {}

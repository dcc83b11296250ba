//! A generic message holds what is `Send` for no parameter.
use zactor::prelude::*;

#[derive(Message)]
struct Put<K>(std::rc::Rc<K>);

fn main() {}

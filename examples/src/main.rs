//! Examples of zactor.
fn main() {}

//! Models of the queues: two or three threads, few steps, the shipped types.

mod channel;
mod mpsc;
mod oneshot;
mod spsc;

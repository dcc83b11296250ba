//! Tasks of tokio and the channel of flume.
//!
//! Bounded, capacity 1,024. It has no receive of many that waits, so the receiver of a stream waits for the first and
//! then takes what is there.

use super::tasks::Channel;

const CAPACITY: usize = 1_024;

/// The channel.
pub(super) struct Flume;

impl Channel for Flume {
    const NAME: &'static str = "flume";
    const WAITS: bool = true;
    type Sender<T: Send + 'static> = flume::Sender<T>;
    type Receiver<T: Send + 'static> = flume::Receiver<T>;

    fn channel<T: Send + 'static>() -> (flume::Sender<T>, flume::Receiver<T>) {
        flume::bounded(CAPACITY)
    }

    async fn send<T: Send + 'static>(to: &flume::Sender<T>, value: T) {
        let _ = to.send_async(value).await;
    }

    fn send_outside<T: Send + 'static>(to: &flume::Sender<T>, value: T) {
        let _ = to.send(value);
    }

    async fn receive<T: Send + 'static>(from: &mut flume::Receiver<T>) -> Option<T> {
        from.recv_async().await.ok()
    }

    async fn receive_many<T: Send + 'static>(
        from: &mut flume::Receiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> bool {
        let Ok(first) = from.recv_async().await else { return false };
        values.push(first);
        values.extend(from.try_iter().take(most - 1));
        true
    }
}

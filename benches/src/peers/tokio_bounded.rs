//! Tasks of tokio and its bounded channel, the usual way to write an actor by hand.
//!
//! Capacity 1,024: as fast as 64 and 65,536.

use tokio::sync::mpsc;

use super::tasks::Channel;

const CAPACITY: usize = 1_024;

/// The channel.
pub(super) struct Bounded;

impl Channel for Bounded {
    const NAME: &'static str = "tokio_bounded";
    const WAITS: bool = true;
    type Sender<T: Send + 'static> = mpsc::Sender<T>;
    type Receiver<T: Send + 'static> = mpsc::Receiver<T>;

    fn channel<T: Send + 'static>() -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
        mpsc::channel(CAPACITY)
    }

    async fn send<T: Send + 'static>(to: &mpsc::Sender<T>, value: T) {
        let _ = to.send(value).await;
    }

    fn send_outside<T: Send + 'static>(to: &mpsc::Sender<T>, value: T) {
        let _ = to.blocking_send(value);
    }

    async fn receive<T: Send + 'static>(from: &mut mpsc::Receiver<T>) -> Option<T> {
        from.recv().await
    }

    async fn receive_many<T: Send + 'static>(
        from: &mut mpsc::Receiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> bool {
        from.recv_many(values, most).await > 0
    }
}

//! Tasks of tokio and its unbounded channel: faster than the bounded one, without a limit to what may queue up.

use tokio::sync::mpsc;

use super::tasks::Channel;

/// The channel.
pub(super) struct Unbounded;

impl Channel for Unbounded {
    const NAME: &'static str = "tokio_unbounded";
    const WAITS: bool = false;
    type Sender<T: Send + 'static> = mpsc::UnboundedSender<T>;
    type Receiver<T: Send + 'static> = mpsc::UnboundedReceiver<T>;

    fn channel<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>) {
        mpsc::unbounded_channel()
    }

    async fn send<T: Send + 'static>(to: &mpsc::UnboundedSender<T>, value: T) {
        let _ = to.send(value);
    }

    fn send_outside<T: Send + 'static>(to: &mpsc::UnboundedSender<T>, value: T) {
        let _ = to.send(value);
    }

    async fn receive<T: Send + 'static>(from: &mut mpsc::UnboundedReceiver<T>) -> Option<T> {
        from.recv().await
    }

    async fn receive_many<T: Send + 'static>(
        from: &mut mpsc::UnboundedReceiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> bool {
        from.recv_many(values, most).await > 0
    }
}

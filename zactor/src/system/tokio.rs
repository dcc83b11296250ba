//! A home in tokio (feature `tokio`): handlers may await what needs a runtime of tokio.

use tokio::runtime::Handle;

use super::SystemBuilder;
use super::around::Around;

impl SystemBuilder {
    /// Handlers and hooks that run on workers run within this runtime of tokio: they may await its timers and sockets, and
    /// `tokio::spawn`. Actors run on zactor's workers all the same; the runtime drives timers and sockets, on its own threads
    /// (a `current_thread` runtime does so only while somebody blocks on it). It must outlive what waits for it.
    ///
    /// What runs on a thread outside - the factory and `pre_start` of a top-level actor, which `spawn` calls - is within
    /// whatever runtime that thread is in.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Sleeper;
    /// #[handlers]
    /// impl Sleeper {
    ///     async fn nap(&mut self) -> u32 {
    ///         tokio::time::sleep(Duration::from_millis(1)).await;
    ///         1
    ///     }
    /// }
    ///
    /// let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    /// let system = ActorSystem::builder("naps").tokio(runtime.handle().clone()).start()?;
    /// assert_eq!(system.spawn(Sleeper)?.nap().wait()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tokio(self, handle: Handle) -> Self {
        self.within(Around::new(move |work| {
            let _entered = handle.enter();
            work();
        }))
    }
}

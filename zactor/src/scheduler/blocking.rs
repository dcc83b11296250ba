//! A small pool of threads for closures that block.
//!
//! 1. A thread that finds no job says under the lock that it is idle, and whoever brings a job calls one from there: so no
//!    job waits beside an idle thread.
//! 2. A job runs, and is dropped, outside of the lock, in a catch. One whose outcome nobody waits for any more is not begun.
//! 3. The outcome is a future; it holds nothing of the system.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread::{JoinHandle, Result as Ran};
use std::time::Duration;

use crate::cell::{Local, drop_guarded, guarded};
use crate::sync::{Arc, Mutex, Parker, Woken, lock, per_thread};
use crate::system::Core;

/// More jobs wait until one of them is done.
const MOST_THREADS: usize = 32;
/// A thread ends that has had nothing to do for so long.
const KEPT: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&Core) + Send>;

per_thread! {
    /// Whose thread this is.
    static POOL: Cell<*const Pool> = const { Cell::new(std::ptr::null()) };
}

/// See the module.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Jobs>);

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    idle: Vec<Arc<Parker>>,
    /// Those that take jobs.
    threads: usize,
    closed: bool,
    kept: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Has `work` run by a thread of the pool.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        core: &Core,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Outcome<T> {
        let place = Arc::new(Mutex::new(Place { result: None, waker: None, given_up: false }));
        let outcome = Outcome(Arc::clone(&place));
        let job = Box::new(move |core: &Core| {
            if lock(&place).given_up {
                drop_counted(core, work);
            } else {
                tell(core, &place, guarded(work));
            }
        });
        if let Err(error) = self.put(core, job) {
            let text = format!("the operating system gives no thread: {error}");
            lock(&outcome.0).result = Some(Err(Box::new(text)));
        }
        outcome
    }

    /// `Err`: there is no thread, and the job is gone.
    fn put(&self, core: &Core, job: Job) -> io::Result<()> {
        let mut jobs = lock(&self.0);
        if jobs.closed {
            drop(jobs);
            drop_counted(core, job);
            return Ok(());
        }
        jobs.waiting.push_back(job);
        if let Some(parker) = jobs.idle.pop() {
            parker.unpark();
            return Ok(());
        }
        if jobs.threads == MOST_THREADS {
            return Ok(());
        }
        for ended in jobs.kept.extract_if(.., |thread| thread.is_finished()) {
            // What it ran was caught: it has not panicked.
            let _ = ended.join();
        }
        let mine = core.me();
        let work = move || mine.blocking.work(&mine);
        match core.threads.start(format!("{}-blocking", core.name), work) {
            Ok(thread) => {
                jobs.threads += 1;
                jobs.kept.push(thread);
            }
            Err(error) if jobs.threads == 0 => {
                let job = jobs.waiting.pop_back();
                drop(jobs);
                drop_counted(core, job);
                return Err(error);
            }
            Err(_) => {} // another thread comes to it
        }
        Ok(())
    }

    /// Whether this thread is one of the pool: the end of the system waits for it, so it does not wait for that.
    pub(crate) fn is_here(&self) -> bool {
        std::ptr::eq(POOL.get(), self)
    }

    /// A thread of the pool.
    fn work(&self, core: &Core) {
        POOL.set(self);
        let parker = Arc::new(Parker::new());
        let mut woken = Woken::Unparked;
        loop {
            let mut jobs = lock(&self.0);
            let idle = jobs.idle.len();
            jobs.idle.retain(|other| !Arc::ptr_eq(other, &parker));
            let was_idle = jobs.idle.len() < idle;
            if let Some(job) = jobs.waiting.pop_front() {
                drop(jobs);
                job(core);
                woken = Woken::Unparked;
                continue;
            }
            if jobs.closed || was_idle && woken == Woken::Elapsed {
                jobs.threads -= 1;
                return;
            }
            jobs.idle.push(Arc::clone(&parker));
            drop(jobs);
            woken = parker.park_timeout(KEPT);
        }
    }

    /// The system ends: jobs that have not begun are dropped. The threads return when theirs is done.
    pub(crate) fn close(&self, core: &Core) -> Vec<JoinHandle<()>> {
        let mut jobs = lock(&self.0);
        jobs.closed = true;
        let waiting = std::mem::take(&mut jobs.waiting);
        jobs.idle.iter().for_each(|parker| parker.unpark());
        let threads = std::mem::take(&mut jobs.kept);
        drop(jobs);
        waiting.into_iter().for_each(|job| drop_counted(core, job));
        threads
    }
}

fn drop_counted<T>(core: &Core, value: T) {
    if drop_guarded(value) {
        Local::with(core, |local| local.counts.drop_panics.add(1));
    }
}

/// Where a job leaves what it gives.
struct Place<T> {
    result: Option<Ran<T>>,
    waker: Option<Waker>,
    given_up: bool,
}

/// A job is done.
fn tell<T>(core: &Core, place: &Mutex<Place<T>>, result: Ran<T>) {
    let mut place = lock(place);
    if place.given_up {
        drop(place);
        return drop_counted(core, result);
    }
    place.result = Some(result);
    let waker = place.waker.take();
    drop(place);
    if let Some(waker) = waker
        && let Err(payload) = guarded(|| waker.wake())
    {
        drop_counted(core, payload);
    }
}

/// What a job will give. A panic of the job goes on in whoever polls this. Dropped, the job is not begun if it was not yet.
pub(crate) struct Outcome<T>(Arc<Mutex<Place<T>>>);

impl<T> Future for Outcome<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<T> {
        let mut place = lock(&self.0);
        let before = match place.result.take() {
            None => place.waker.replace(task.waker().clone()),
            Some(result) => {
                drop(place);
                return Poll::Ready(
                    result.unwrap_or_else(|payload| std::panic::resume_unwind(payload)),
                );
            }
        };
        drop(place);
        drop(before);
        Poll::Pending
    }
}

impl<T> Drop for Outcome<T> {
    fn drop(&mut self) {
        let mut place = lock(&self.0);
        place.given_up = true;
        let left = (place.result.take(), place.waker.take());
        drop(place);
        drop(left);
    }
}

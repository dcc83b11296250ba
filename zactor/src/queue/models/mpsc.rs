//! The intrusive queue, and who runs its owner.

use std::ptr::NonNull;

use loom::thread;

use crate::queue::mpsc::{
    Closing, GaveBack, Head, Link, NotEmpty, Popped, Pushed, Refused, Tail, UNBOUNDED,
};
use crate::sync::Arc;
use crate::sync::atomic::{
    AtomicU32,
    Ordering::{AcqRel, Relaxed},
};
use crate::sync::cell::UnsafeCell;

#[repr(C, align(64))]
struct Node {
    link: Link,
    value: UnsafeCell<u32>,
}

impl Node {
    fn boxed(value: u32) -> NonNull<Link> {
        let node = Self { link: Link::new(), value: UnsafeCell::new(value) };
        NonNull::from(Box::leak(Box::new(node))).cast()
    }

    /// # Safety
    /// The caller's alone, made by `boxed`.
    unsafe fn take(node: NonNull<Link>) -> u32 {
        // SAFETY: the caller's alone; loom's cell fails a model in which it is not.
        unsafe {
            (*node.cast::<Self>().as_ptr()).value.with_mut(|value| std::mem::take(&mut *value))
        }
    }

    /// # Safety
    /// The caller's alone, made by `boxed`.
    unsafe fn free(node: NonNull<Link>) {
        // SAFETY: from `boxed`, the caller's alone.
        drop(unsafe { Box::from_raw(node.cast::<Self>().as_ptr()) });
    }
}

/// An owner as the layers above have them: a queue, and a state that only who runs it touches.
struct Owner {
    stub: NonNull<Link>,
    head: Head,
    tail: Tail,
    limit: u32,
    handled: UnsafeCell<Vec<u32>>,
    runs: AtomicU32,
}

// SAFETY: the models move it between threads as the layers above do: `head` is atomic, the rest belongs to who runs it.
unsafe impl Send for Owner {}
// SAFETY: as above; loom's cells fail the model that breaks it.
unsafe impl Sync for Owner {}

impl Owner {
    fn new(limit: u32, head: impl FnOnce(NonNull<Link>) -> Head) -> Arc<Self> {
        let stub = Node::boxed(0);
        Arc::new(Self {
            stub,
            head: head(stub),
            tail: Tail::new(stub),
            limit,
            handled: UnsafeCell::new(Vec::new()),
            runs: AtomicU32::new(0),
        })
    }

    fn push(&self, value: u32) -> Result<Pushed, Refused> {
        let node = Node::boxed(value);
        // SAFETY: a new node, this thread's; the stub and all nodes outlive the queue.
        let pushed = unsafe { self.head.push(node, node, 1, self.limit) };
        if pushed.is_err() {
            // SAFETY: refused: still this thread's.
            unsafe { Node::free(node) };
        }
        pushed
    }

    fn push_and_run_if_told(&self, value: u32) -> Result<Pushed, Refused> {
        let pushed = self.push(value);
        if pushed == Ok(Pushed::Schedule) {
            self.run();
        }
        pushed
    }

    fn push_marker(&self, value: u32) -> Result<Pushed, Refused> {
        let node = Node::boxed(value);
        // SAFETY: as in `push`.
        let pushed = unsafe { self.head.push_uncounted(node, true) };
        if pushed.is_err() {
            // SAFETY: refused: still this thread's.
            unsafe { Node::free(node) };
        }
        pushed
    }

    /// Takes one message, if one is there and linked. The caller runs the owner.
    fn pop(&self) -> Popped {
        // SAFETY: the caller runs the owner.
        let popped = unsafe { self.tail.pop(&self.head, self.stub) };
        if let Popped::Message { node, freed } = popped {
            if let Some(freed) = freed {
                // SAFETY: the queue has let go of it.
                unsafe { Node::free(freed) };
            }
            // SAFETY: popped: the owner's.
            let value = unsafe { Node::take(node) };
            // SAFETY: the caller runs the owner; loom's cell fails a model in which another does too.
            self.handled.with_mut(|handled| unsafe { (*handled).push(value) });
        }
        popped
    }

    /// Takes all there is, then goes idle, as a turn does. The caller was told to.
    fn run(&self) {
        self.runs.fetch_add(1, Relaxed);
        let mut counted = 0;
        loop {
            match self.pop() {
                Popped::Message { .. } => counted += 1,
                Popped::Busy => thread::yield_now(),
                // Markers are not counted: what the head still counts is what was taken.
                Popped::Empty => {
                    counted = counted.min(self.head.len());
                    match self.mark(counted) {
                        Ok(last) => {
                            // SAFETY: the queue has let go of it.
                            return last.into_iter().for_each(|last| unsafe { Node::free(last) });
                        }
                        Err(_) => thread::yield_now(),
                    }
                }
            }
        }
    }

    /// Idle, or, of a closed queue, ended.
    fn mark(&self, counted: u32) -> Result<Option<NonNull<Link>>, NotEmpty> {
        if self.head.is_closed() {
            // SAFETY: the caller runs the owner.
            unsafe { self.tail.mark_ended(&self.head, self.stub, counted) }
        } else {
            // SAFETY: as above.
            unsafe { self.tail.mark_idle(&self.head, self.stub, counted) }
        }
    }

    /// What was handled; nobody runs the owner any more.
    fn handled(&self) -> Vec<u32> {
        // SAFETY: nobody runs the owner.
        self.handled.with(|handled| unsafe { (*handled).clone() })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        while let Popped::Message { .. } = self.pop() {}
        if !self.head.is_idle()
            && let Ok(Some(last)) = self.mark(self.head.len())
        {
            unsafe { Node::free(last) };
        }
        unsafe { Node::free(self.stub) };
    }
}

fn spawn<T: 'static>(
    owner: &Arc<Owner>,
    run: impl FnOnce(&Owner) -> T + 'static,
) -> thread::JoinHandle<T> {
    let owner = Arc::clone(owner);
    thread::spawn(move || run(&owner))
}

/// Both messages arrive whole, those of one producer in order; the gap of a producer shows as `Busy`.
#[test]
fn push_against_push_against_pop_loses_nothing() {
    // Of three threads all courses take minutes; those with so many preemptions take seconds.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let owner = Owner::new(4, Head::new_busy);
        let other =
            spawn(&owner, |owner| assert!(matches!(owner.push(10), Ok(Pushed::Quiet { .. }))));
        let third =
            spawn(&owner, |owner| assert!(matches!(owner.push(20), Ok(Pushed::Quiet { .. }))));
        let mut taken = 0;
        while taken < 2 {
            match owner.pop() {
                Popped::Message { .. } => taken += 1,
                Popped::Empty | Popped::Busy => thread::yield_now(),
            }
        }
        other.join().unwrap();
        third.join().unwrap();
        assert_eq!(owner.pop(), Popped::Empty);
        let mut handled = owner.handled();
        handled.sort_unstable();
        assert_eq!(handled, [10, 20]);
    });
}

/// Between publishing and linking the queue is neither empty nor served, and the owner cannot go idle.
#[test]
fn pop_against_the_gap_of_a_push_keeps_order() {
    loom::model(|| {
        let owner = Owner::new(UNBOUNDED, Head::new_busy);
        let other = spawn(&owner, |owner| {
            assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
            assert!(matches!(owner.push(2), Ok(Pushed::Quiet { .. })));
        });
        let mut published = false;
        while owner.handled().len() < 2 {
            match owner.pop() {
                Popped::Message { .. } => published = false,
                Popped::Busy => {
                    published = true;
                    let idle = unsafe { owner.tail.mark_idle(&owner.head, owner.stub, 0) };
                    assert!(idle.is_err());
                    thread::yield_now();
                }
                Popped::Empty => {
                    assert!(!published, "a message that was published is gone");
                    thread::yield_now();
                }
            }
        }
        other.join().unwrap();
        assert_eq!(owner.handled(), [1, 2]);
    });
}

/// The owner stays scheduled or the sender schedules it, never both; the next run sees the last one's
/// writes (loom's cell tells), and a message is handled once though the stub is used again.
#[test]
fn push_against_mark_idle_schedules_exactly_once() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_busy);
        assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
        let sender = spawn(&owner, |owner| owner.push_and_run_if_told(2));
        owner.run();
        let pushed = sender.join().unwrap();
        let runs = owner.runs.load(Relaxed);
        assert_eq!(runs, if pushed == Ok(Pushed::Schedule) { 2 } else { 1 });
        assert!(owner.head.is_idle());
        assert_eq!(owner.handled(), [1, 2]);
    });
}

/// Of two senders to an idle owner exactly one runs it.
#[test]
fn push_against_push_schedules_an_idle_owner_once_each_time() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_idle);
        let other = spawn(&owner, |owner| owner.push_and_run_if_told(1));
        let here = owner.push_and_run_if_told(2);
        let there = other.join().unwrap();
        let told = [here, there].iter().filter(|pushed| **pushed == Ok(Pushed::Schedule)).count();
        assert_eq!(owner.runs.load(Relaxed) as usize, told);
        assert!(told >= 1 && owner.head.is_idle());
        assert_eq!(owner.handled().len(), 2);
    });
}

/// A message is drained or refused, never both, never neither.
#[test]
fn push_against_close_is_drained_or_refused() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_busy);
        let sender = spawn(&owner, |owner| owner.push(1));
        assert_eq!(owner.head.close(), Closing::Quiet);
        owner.run();
        let expected: &[u32] = match sender.join().unwrap() {
            Ok(Pushed::Quiet { .. }) => &[1],
            Err(Refused::Closed) => &[],
            other => panic!("{other:?}"),
        };
        assert!(owner.head.is_ended());
        assert_eq!(owner.handled(), expected);
    });
}

/// Markers get in after the close until the end, and what got in is drained.
#[test]
fn marker_against_the_end_is_drained_or_refused() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_busy);
        assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
        assert_eq!(owner.head.close(), Closing::Quiet);
        let sender = spawn(&owner, |owner| owner.push_marker(2));
        owner.run();
        let expected: &[u32] = match sender.join().unwrap() {
            Ok(Pushed::Quiet { .. }) => &[1, 2],
            Err(Refused::Closed) => &[1],
            other => panic!("{other:?}"),
        };
        assert!(owner.head.is_ended() && !owner.head.claim_idle());
        assert_eq!(owner.handled(), expected);
    });
}

/// Exactly one of them clears `IDLE` and runs the owner; the other leaves it alone, or comes later.
#[test]
fn claim_idle_against_push_schedules_exactly_once() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_idle);
        let claimer = spawn(&owner, |owner| {
            let claimed = owner.head.claim_idle();
            if claimed {
                owner.run();
            }
            claimed
        });
        let pushed = owner.push_and_run_if_told(1);
        let claimed = claimer.join().unwrap();
        let told = u32::from(claimed) + u32::from(pushed == Ok(Pushed::Schedule));
        assert_eq!(owner.runs.load(Relaxed), told);
        assert!(told >= 1 && owner.head.is_idle());
        assert_eq!(owner.handled(), [1]);
    });
}

/// Work laid down elsewhere is seen by the owner's second look, or its giver finds the owner idle;
/// who runs it then sees what the last run did.
#[test]
fn claim_idle_against_mark_idle_loses_no_work() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_busy);
        assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
        let lane = Arc::new(AtomicU32::new(0));
        let run_if_claimed = |owner: &Owner, lane: &AtomicU32| {
            if !owner.head.claim_idle() {
                return 0;
            }
            let work = lane.swap(0, AcqRel);
            owner.run();
            work
        };
        let giver = spawn(&owner, {
            let lane = Arc::clone(&lane);
            move |owner| {
                lane.fetch_add(1, AcqRel);
                run_if_claimed(owner, &lane)
            }
        });
        owner.run();
        let work = match lane.fetch_add(0, AcqRel) {
            0 => 0,
            _ => run_if_claimed(&owner, &lane),
        };
        assert_eq!(work + giver.join().unwrap(), 1);
        assert_eq!(owner.handled(), [1]);
    });
}

/// Closing an owner that goes idle leaves it scheduled once, and closed.
#[test]
fn close_and_claim_against_mark_idle_runs_it_once_more() {
    loom::model(|| {
        let owner = Owner::new(4, Head::new_busy);
        assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
        let closer = spawn(&owner, |owner| {
            let closing = owner.head.close_and_claim();
            if closing == Closing::Schedule {
                owner.run();
            }
            closing
        });
        owner.run();
        let closing = closer.join().unwrap();
        assert_ne!(closing, Closing::Already);
        assert!(owner.head.is_ended());
        assert_eq!(owner.handled(), [1]);
    });
}

/// The waiter sees the room, or who gives it back sees the waiter.
#[test]
fn give_back_against_a_waiter_loses_no_room() {
    loom::model(|| {
        let owner = Owner::new(1, Head::new_busy);
        assert!(matches!(owner.push(1), Ok(Pushed::Quiet { .. })));
        let waiting = Arc::new(AtomicU32::new(0));
        let waiter = spawn(&owner, {
            let waiting = Arc::clone(&waiting);
            move |owner| {
                waiting.fetch_add(1, AcqRel);
                owner.head.room(1) == Ok(1)
            }
        });
        assert!(matches!(owner.pop(), Popped::Message { .. }));
        assert_eq!(owner.head.give_back(1, 1), GaveBack::Plain);
        let seen = waiting.fetch_add(0, AcqRel) == 1;
        assert!(waiter.join().unwrap() || seen);
    });
}

/// A count that comes round loses no message and keeps its wraps even.
#[test]
fn give_back_against_push_at_the_wrap_counts_right() {
    loom::model(|| {
        let owner = Owner::new(UNBOUNDED, |stub| Head::counting_from(stub, UNBOUNDED));
        let sender = spawn(&owner, |owner| owner.push(1));
        let back = owner.head.give_back(1, UNBOUNDED);
        let pushed = sender.join().unwrap();
        assert!(matches!(owner.pop(), Popped::Message { .. }));
        assert_eq!(pushed == Ok(Pushed::Wrapped), back == GaveBack::Borrowed);
        assert_eq!(owner.head.len(), UNBOUNDED);
        assert!(!owner.head.is_closed());
        assert_eq!(owner.head.give_back(UNBOUNDED, UNBOUNDED), GaveBack::Plain);
    });
}

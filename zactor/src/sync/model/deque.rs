//! A stand-in for crossbeam's deques, whose atomics a model does not see: lists behind locks.

use std::collections::VecDeque;

pub(crate) use crossbeam_deque::Steal;

use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use crate::sync::{Arc, Mutex, lock};

/// Whether anything is in a list is seen without its lock, and so, as with crossbeam's, without what the last one who had
/// the lock did elsewhere.
struct Queue<T>(Arc<(AtomicUsize, Mutex<VecDeque<T>>)>);

impl<T> Queue<T> {
    fn new() -> Self {
        Queue(Arc::new((AtomicUsize::new(0), Mutex::new(VecDeque::new()))))
    }

    fn len(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
        let mut list = lock(&self.0.1);
        let before = list.len();
        let result = f(&mut list);
        if list.len() > before {
            self.0.0.fetch_add(list.len() - before, SeqCst);
        } else if list.len() < before {
            self.0.0.fetch_sub(before - list.len(), SeqCst);
        }
        result
    }

    fn push(&self, task: T) {
        self.with(|list| list.push_back(task));
    }

    fn pop(&self) -> Option<T> {
        self.with(VecDeque::pop_front)
    }

    fn steal(&self) -> Steal<T> {
        self.pop().map_or(Steal::Empty, Steal::Success)
    }

    /// Half of what is here, the first for the caller. Never two locks at once.
    fn steal_batch_and_pop(&self, to: &Worker<T>) -> Steal<T> {
        let mut batch =
            self.with(|list| list.drain(..list.len().div_ceil(2)).collect::<VecDeque<_>>());
        let Some(first) = batch.pop_front() else { return Steal::Empty };
        if !batch.is_empty() {
            to.0.with(|list| list.extend(batch));
        }
        Steal::Success(first)
    }
}

pub(crate) struct Injector<T>(Queue<T>);

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Injector(Queue::new())
    }

    pub(crate) fn push(&self, task: T) {
        self.0.push(task);
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.steal()
    }

    pub(crate) fn steal_batch_and_pop(&self, to: &Worker<T>) -> Steal<T> {
        self.0.steal_batch_and_pop(to)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(crate) struct Worker<T>(Queue<T>);

impl<T> Worker<T> {
    pub(crate) fn new_fifo() -> Self {
        Worker(Queue::new())
    }

    pub(crate) fn stealer(&self) -> Stealer<T> {
        Stealer(Queue(Arc::clone(&self.0.0)))
    }

    pub(crate) fn push(&self, task: T) {
        self.0.push(task);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        self.0.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(crate) struct Stealer<T>(Queue<T>);

impl<T> Stealer<T> {
    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.steal()
    }

    pub(crate) fn steal_batch_and_pop(&self, to: &Worker<T>) -> Steal<T> {
        self.0.steal_batch_and_pop(to)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

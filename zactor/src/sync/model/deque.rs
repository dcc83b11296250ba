//! A stand-in for crossbeam's deques, whose atomics a model does not see: lists behind locks.

use std::collections::VecDeque;

pub(crate) use crossbeam_deque::Steal;

use crate::sync::{Arc, Mutex, lock};

struct Queue<T>(Arc<Mutex<VecDeque<T>>>);

impl<T> Queue<T> {
    fn new() -> Self {
        Queue(Arc::new(Mutex::new(VecDeque::new())))
    }

    fn steal(&self) -> Steal<T> {
        lock(&self.0).pop_front().map_or(Steal::Empty, Steal::Success)
    }

    /// Half of what is here, the first for the caller. Never two locks at once.
    fn steal_batch_and_pop(&self, to: &Worker<T>) -> Steal<T> {
        let mut batch = {
            let mut from = lock(&self.0);
            let half = from.len().div_ceil(2);
            from.drain(..half).collect::<VecDeque<_>>()
        };
        let Some(first) = batch.pop_front() else { return Steal::Empty };
        if !batch.is_empty() {
            lock(&to.0.0).extend(batch);
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
        lock(&self.0.0).push_back(task);
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.steal()
    }

    pub(crate) fn steal_batch_and_pop(&self, to: &Worker<T>) -> Steal<T> {
        self.0.steal_batch_and_pop(to)
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0.0).len()
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
        lock(&self.0.0).push_back(task);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        lock(&self.0.0).pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0.0).len()
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
        lock(&self.0.0).len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

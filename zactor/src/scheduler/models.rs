//! Workers that search, watch and sleep, and those who bring work.

use std::sync::Arc;

use super::idle::Rest;
use crate::cell::{Local, WorkerSide};
use crate::sync::Parker;
use crate::system::Core;
use crate::system::models::{
    Thread, finish, model_within, on_a_thread, run, spawn, system_with_ends,
};
use crate::{Context, Handler, Message, actor};

#[derive(Message, Debug)]
struct Knock;

/// Wakes the model's thread.
#[actor(Knock)]
struct Door(Arc<Parker>);

impl Handler<Knock> for Door {
    fn handle(&mut self, _: Knock, _: &mut Context<Self>) {
        self.0.unpark();
    }
}

/// A system and its two workers, at work.
fn workers(core: &Arc<Core>, ends: crate::system::core::Ends) -> Vec<Thread<()>> {
    let run = |(index, end)| on_a_thread(core, move |core, _| super::run(&core.me(), index, end));
    ends.into_iter().enumerate().map(run).collect()
}

fn stop(core: Arc<Core>, workers: Vec<Thread<()>>) {
    core.scheduler.stop_workers();
    workers.into_iter().for_each(Thread::join);
    finish(core);
}

/// However the workers stand, a message from outside is handled: none sleeps beside it.
#[track_caller]
fn push_meets_workers(count: u32, preemptions: usize) {
    model_within(preemptions, move || {
        let (core, ends) = system_with_ends(count);
        let parker = Arc::new(Parker::new());
        let door = spawn(&core, Door(Arc::clone(&parker))).unwrap();
        let workers = workers(&core, ends);
        door.tell(Knock).unwrap();
        parker.park();
        drop(door);
        stop(core, workers);
    });
}

#[test]
fn push_against_rest_wakes_the_worker() {
    push_meets_workers(1, 5);
}

#[test]
fn push_against_two_that_rest_wakes_one() {
    push_meets_workers(2, 1);
}

/// The first to wake takes two of three actors, the second takes the third, and no turn may end: somebody is called to
/// watch the one that waits.
#[test]
fn search_that_ends_leaves_nothing_unwatched() {
    model_within(0, || {
        let (core, ends) = system_with_ends(3);
        let parker = Arc::new(Parker::new());
        let doors = [(); 3].map(|()| spawn(&core, Door(Arc::clone(&parker))).unwrap());
        let idle = &core.scheduler.idle;
        assert!(idle.begin_search() && idle.begin_search());
        assert_eq!(idle.rest(2, false), Rest::Sleep);
        assert_eq!([idle.rest(1, true), idle.rest(0, true)], [Rest::Sleep; 2]);
        for door in &doors {
            door.tell(Knock).unwrap();
        }
        let ends = ends.into_iter().enumerate();
        let sides: Vec<_> = ends.map(|(index, queue)| WorkerSide::new(index, queue)).collect();
        Local::with(&core, |local| {
            let mut tasks = Vec::new();
            for side in &sides {
                assert!(!idle.is_asleep(side.index), "worker {} was woken", side.index);
                if side.index < 2 {
                    tasks.extend(super::worker::wake_up(&core, local, side));
                }
            }
            assert_eq!((tasks.len(), sides[0].queue.len()), (2, 1));
            tasks.extend(sides[0].queue.pop());
            tasks.into_iter().for_each(|task| run(local, Some(task)));
        });
        drop((doors, sides));
        finish(core);
    });
}

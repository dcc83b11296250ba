//! Handlers that wait and go on.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use super::*;
use zactor::ActorState;

#[test]
fn s23_a_handler_that_need_not_wait_is_answered_and_counted() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let reply = lodge.ask(doing(|lodge, _| {
        lodge.notes.push(1);
        Box::pin(async { 5 })
    }));
    assert_eq!(reply.wait().unwrap(), 5);
    assert_eq!(counts(&system, &lodge).handled, 1);
    lodge.tell(doing(|_, _| Box::pin(async { 0 }))).unwrap();
    assert_eq!(lodge.ask(Notes).wait().unwrap(), [1]);
    assert_eq!(finish(&system).messages.handled, 3);
}

#[test]
fn s23_a_suspended_actor_handles_no_message_and_keeps_their_order() {
    let system = system(2);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let (reply, signal) = suspend(&system, &lodge);
    for number in 0..5 {
        lodge.tell(Note(number)).unwrap();
    }
    let info = system.inspect(lodge.id()).unwrap();
    assert_eq!((info.state, info.messages.queued), (ActorState::Suspended, 5));
    balanced_but_for(&info.messages, 1);
    balanced_but_for(&system.stats().messages, 1);
    signal.give();
    assert_eq!(reply.wait().unwrap(), 7);
    assert_eq!(lodge.ask(Notes).wait().unwrap(), [1_000, 0, 1, 2, 3, 4]);
    assert_eq!(counts(&system, &lodge).handled, 7);
    assert_eq!(finish(&system).messages.handled, 7);
}

/// Notes where it is polled, and is ready at the third poll.
struct Where(Vec<usize>, [u8; 100]);

impl Future for Where {
    type Output = bool;
    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<bool> {
        let here = std::ptr::from_mut(&mut *self).addr();
        self.0.push(here);
        let polls = self.0.len();
        self.1[polls] = 1;
        if self.0.len() < 3 {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.iter().all(|&place| place == here))
    }
}

#[derive(Message)]
#[message(reply = bool)]
struct Ask(bool);

#[actor(async Ask)]
struct Pinned;

impl AsyncHandler<Ask> for Pinned {
    fn handle(
        &mut self,
        Ask(early): Ask,
        _: &mut Context<Self>,
    ) -> impl Future<Output = bool> + Send {
        if early {
            give_up();
        }
        Where(Vec::new(), [0; 100])
    }
}

#[test]
fn s21_a_panic_before_there_is_a_future_fails_the_actor() {
    let system = system(1);
    let pinned = system.spawn(Pinned).unwrap();
    assert!(matches!(pinned.ask(Ask(true)).wait(), Err(AskError::Failed(_))));
    assert!(matches!(pinned.ended().wait().unwrap(), EndReason::Failed(_)));
    assert_eq!(finish(&system).messages.failed, 1);
}

#[test]
fn s23_a_future_stays_where_it_was_first_polled() {
    let system = system(2);
    let pinned = system.spawn(Pinned).unwrap();
    for _ in 0..100 {
        assert!(pinned.ask(Ask(false)).wait().unwrap());
    }
    finish(&system);
}

#[test]
fn s23_a_handler_awaits_other_actors_with_its_state_in_its_hands() {
    let system = system(2);
    let (one, two) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let other = two.clone();
    let reply = one.ask(doing(move |lodge, ctx| {
        Box::pin(async move {
            let mut sum = 0;
            for number in 0..10 {
                let double = doing(move |_, _| Box::pin(async move { 2 * number }));
                let got = other.ask(double).await.unwrap();
                lodge.notes.push(got);
                ctx.tell_self(Note(100 + number)).unwrap();
                sum += got;
            }
            sum
        })
    }));
    assert_eq!(reply.wait().unwrap(), 90);
    let expected: Vec<u64> = (0..10).map(|n| 2 * n).chain(100..110).collect();
    assert_eq!(one.ask(Notes).wait().unwrap(), expected);
    finish(&system);
}

#[test]
fn s23_an_end_is_awaited_in_a_handler() {
    let system = system(1);
    let (one, two) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let other = two.clone();
    let reply = one.ask(doing(move |_, ctx| {
        Box::pin(async move {
            let child = ctx.spawn(Lodge::new()).unwrap();
            other.stop().await.unwrap();
            child.stop().await.unwrap();
            ctx.children().len() as u64
        })
    }));
    assert_eq!(reply.wait().unwrap(), 0);
    assert!(!two.is_alive());
    finish(&system);
}

#[actor]
struct Shop {
    sold: u64,
    lodge: ActorRef<Lodge>,
}

#[handlers]
impl Shop {
    async fn sell(&mut self, pieces: u64, ctx: &mut Context<Self>) -> String {
        let answer = doing(move |_, _| Box::pin(async move { pieces }));
        let sold = self.lodge.ask(answer).await.unwrap_or(0);
        self.sold += sold;
        format!("{} has sold {} pieces to {:?}", ctx.incarnation(), self.sold, ctx.sender())
    }
    async fn close(&mut self, ctx: &mut Context<Self>) {
        self.lodge.stop().await.unwrap();
        ctx.stop();
    }
}

#[test]
fn s23_async_methods_of_the_short_form_ask_and_tell() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let shop = system.spawn(Shop { sold: 0, lodge }).unwrap();
    assert_eq!(shop.sell(3).wait().unwrap(), "0 has sold 3 pieces to None");
    assert_eq!(block_on(shop.sell(4)).unwrap(), "0 has sold 7 pieces to None");
    shop.close().unwrap();
    assert!(matches!(shop.ended().wait().unwrap(), EndReason::Stopped));
    finish(&system);
}

#[test]
fn s20_a_blocking_wait_in_an_async_handler_is_would_block() {
    let system = system(1);
    let (one, two) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let reply = one.ask(doing(move |_, _| {
        Box::pin(async move {
            assert!(matches!(two.ask(Notes).wait(), Err(AskError::WouldBlock)));
            two.ask(Notes).await.unwrap();
            assert!(matches!(two.ask(Notes).wait(), Err(AskError::WouldBlock)));
            1
        })
    }));
    assert_eq!(reply.wait().unwrap(), 1);
    finish(&system);
}

#[test]
fn s23_timers_and_continuations_wait_for_the_handler() {
    let system = system(2);
    let (one, two) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let (signal, seen) = (Signal::default(), std::sync::Arc::new(AtomicUsize::new(0)));
    let (waits, notes) = (signal.clone(), std::sync::Arc::clone(&seen));
    let reply = one.ask(doing(move |lodge, ctx| {
        ctx.send_after(Duration::ZERO, Note(1));
        let counter = std::sync::Arc::clone(&notes);
        ctx.ask(&two, Notes).then(move |_, result, _| {
            assert!(result.is_ok());
            counter.fetch_add(1, Relaxed);
        });
        Box::pin(async move {
            waits.given().await;
            assert_eq!((notes.load(Relaxed), lodge.notes.len()), (0, 0));
            2
        })
    }));
    suspended(&system, &one);
    eventually("the timer has fired", || system.inspect(one.id()).unwrap().messages.queued == 1);
    signal.give();
    assert_eq!(reply.wait().unwrap(), 2);
    eventually("the continuation ran", || seen.load(Relaxed) == 1);
    assert_eq!(one.ask(Notes).wait().unwrap(), [1]);
    finish(&system);
}

//! Executors: handlers that await what belongs to other runtimes, and zactor's futures awaited on them.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;
use zactor::prelude::*;

#[actor]
struct Client {
    asked: u32,
}

#[handlers]
impl Client {
    async fn nap(&mut self, time: Duration) -> Duration {
        let begun = Instant::now();
        tokio::time::sleep(time).await;
        begun.elapsed()
    }
    async fn smol_nap(&mut self, time: Duration) -> Duration {
        let begun = Instant::now();
        async_io::Timer::after(time).await;
        begun.elapsed()
    }
    async fn ping(&mut self, server: std::net::SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(server).await?;
        self.asked += 1;
        stream.write_all(format!("ping {}\n", self.asked).as_bytes()).await?;
        stream.shutdown().await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
    async fn spawned(&mut self) -> u32 {
        let asked = self.asked;
        tokio::spawn(async move { asked + 1 }).await.unwrap()
    }
    fn has_runtime(&self) -> bool {
        tokio::runtime::Handle::try_current().is_ok()
    }
    fn add(&mut self, by: u32) -> u32 {
        self.asked += by;
        self.asked
    }
    async fn through(&mut self, other: ActorRef<Client>) -> u32 {
        let sum = other.add(1).await.unwrap();
        other.stop().await.unwrap();
        other.ended().await.unwrap();
        sum
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn within(runtime: &tokio::runtime::Runtime, workers: u32) -> ActorSystem {
    let builder = ActorSystem::builder("test").workers(workers).config(quiet());
    builder.tokio(runtime.handle().clone()).start().unwrap()
}

fn client(system: &ActorSystem) -> ActorRef<Client> {
    system.spawn(Client { asked: 0 }).unwrap()
}

#[test]
fn a_handler_awaits_timers_and_tasks_of_tokio() {
    let runtime = runtime();
    let system = within(&runtime, 2);
    let clients: Vec<_> = (0..50).map(|_| client(&system)).collect();
    let time = Duration::from_millis(5);
    let naps: Vec<_> = clients.iter().map(|client| client.nap(time)).collect();
    for nap in naps {
        assert!(nap.wait().unwrap() >= time);
    }
    assert_eq!(clients[0].spawned().wait().unwrap(), 1);
    assert!(clients[0].has_runtime().wait().unwrap());
    finish(&system);
}

#[test]
fn a_handler_awaits_sockets_of_tokio() {
    let runtime = runtime();
    let system = within(&runtime, 2);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let server = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut line = String::new();
            stream.read_to_string(&mut line).await.unwrap();
            stream.write_all(line.replace("ping", "pong").as_bytes()).await.unwrap();
        }
    });
    let client = client(&system);
    for n in 1..=3 {
        assert_eq!(client.ping(server).wait().unwrap().unwrap(), format!("pong {n}\n"));
    }
    finish(&system);
}

#[test]
fn a_kill_drops_a_timer_and_a_socket_of_tokio() {
    let runtime = runtime();
    let system = within(&runtime, 1);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let (naps, pings) = (client(&system), client(&system));
    let nap = naps.nap(Duration::from_secs(3_600));
    let ping = pings.ping(listener.local_addr().unwrap());
    // Nobody answers it.
    let _stream = runtime.block_on(listener.accept()).unwrap();
    naps.kill().wait().unwrap();
    pings.kill().wait().unwrap();
    assert!(matches!(nap.wait(), Err(AskError::Closed)));
    assert!(matches!(ping.wait(), Err(AskError::Closed)));
    finish(&system);
}

#[test]
fn without_a_runtime_of_tokio_there_is_none_and_the_reactor_of_smol_needs_nothing() {
    let system = system(1);
    let client = client(&system);
    assert!(!client.has_runtime().wait().unwrap());
    let time = Duration::from_millis(5);
    assert!(client.smol_nap(time).wait().unwrap() >= time);
    finish(&system);
}

#[test]
fn futures_are_awaited_within_tokio_on_a_bare_executor_and_in_another_system() {
    let (here, there) = (system(1), system(1));
    let one = client(&here);
    let all = async {
        let two = client(&there);
        assert_eq!(two.add(2).await.unwrap(), 2);
        assert!(matches!(two.drain().await.unwrap(), EndReason::Drained));
        let three = client(&there);
        assert_eq!(one.through(three.clone()).await.unwrap(), 1);
        assert!(matches!(three.kill().await.unwrap(), EndReason::Stopped));
        three.ended().await.unwrap();
    };
    block_on(all);
    let runtime = runtime();
    let spawned = client(&there);
    let task = runtime.spawn(async move {
        let sum = spawned.add(4).await.unwrap();
        spawned.stop().await.unwrap();
        sum
    });
    assert_eq!(runtime.block_on(task).unwrap(), 4);
    // Awaited together with something of tokio's, and dropped by it.
    let slow = within(&runtime, 1);
    let sleeper = client(&slow);
    runtime.block_on(async {
        let nap = sleeper.nap(Duration::from_millis(200));
        tokio::select! {
            _ = nap => panic!("it cannot have slept so long"),
            () = tokio::task::yield_now() => {}
        }
    });
    sleeper.drain().wait().unwrap();
    assert_eq!(finish(&slow).late_replies, 1);
    finish(&here);
    finish(&there);
}

#[test]
fn s05_a_future_dropped_at_any_point_leaves_exact_counts() {
    let system = system(1);
    for polls in 0..4 {
        let client = client(&system);
        let mut reply = client.smol_nap(Duration::from_millis(1));
        let mut ended = client.ended();
        let mut task = TaskContext::from_waker(Waker::noop());
        for _ in 0..polls {
            let _ = Pin::new(&mut reply).poll(&mut task);
            let _ = Pin::new(&mut ended).poll(&mut task);
        }
        drop(reply);
        drop(ended);
        client.drain().wait().unwrap();
        assert_eq!(counts(&system, &client).handled, 1);
    }
    // In a handler: it polls an ask so often, drops it, and goes on.
    for polls in 0..4 {
        let (one, two) = (client(&system), client(&system));
        let (other, asker) = (two.clone(), one.clone());
        block_on(async move {
            let mut reply = asker.through(other);
            poll_fn(|task| {
                for _ in 0..polls {
                    let _ = Pin::new(&mut reply).poll(task);
                }
                Poll::Ready(())
            })
            .await;
        });
        two.ended().wait().unwrap();
        one.drain().wait().unwrap();
        assert_eq!(counts(&system, &one).handled, 1);
        assert_eq!(counts(&system, &two).handled, 1);
    }
    let stats = finish(&system);
    assert_eq!(stats.messages.handled, 12);
}

/// Polls a future so often and drops it.
fn poll_and_drop<F: Future + Unpin>(mut future: F, polls: u32) {
    let mut task = TaskContext::from_waker(Waker::noop());
    for _ in 0..polls {
        if Pin::new(&mut future).poll(&mut task).is_ready() {
            return; // not to be polled again
        }
    }
}

#[test]
fn s05_each_public_future_may_be_dropped_after_any_number_of_polls() {
    for polls in 0..4 {
        let system = system(1);
        let lab = system.actor_of(Lab::new()).mailbox_capacity(2).spawn().unwrap();
        let ledger = Ledger::new(3);
        let held = hold(&lab);
        lab.tell(ledger.item(0, 0)).unwrap();
        // Sent by the call, whoever waits for the reply.
        poll_and_drop(lab.ask(call(|_, _| 1)), polls);
        // No room: it is withdrawn, and was no offer.
        poll_and_drop(lab.send(ledger.item(1, 0)), polls);
        poll_and_drop(lab.send(ledger.item(2, 0)).timeout(PATIENCE), polls);
        assert_eq!(
            (ledger.drops(), lab.ended().timeout(Duration::ZERO).wait().is_err()),
            (2, true)
        );
        poll_and_drop(lab.ended(), polls);
        // The orders stand.
        poll_and_drop(lab.drain(), polls);
        drop(held);
        lab.ended().wait().unwrap();
        let of_lab = counts(&system, &lab);
        assert_eq!((of_lab.offered, of_lab.handled), (3, 3), "{polls} polls");
        for order in [ActorRef::stop, ActorRef::kill] {
            let lab = system.spawn(Lab::new()).unwrap();
            poll_and_drop(order(&lab), polls);
            lab.ended().wait().unwrap();
            poll_and_drop(lab.ended(), polls);
        }
        finish(&system);
        ledger.check_all();
    }
}

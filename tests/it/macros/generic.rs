//! Actors and messages with parameters.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use zactor::prelude::*;

trait Key: Hash + Eq + Clone + Send + 'static {}
impl Key for u8 {}

#[derive(Message, Debug)]
struct Put<K, V>(K, V);

#[derive(Message)]
#[message(reply = Option<V>)]
struct Get<K, V>(K, PhantomData<fn() -> V>);

/// Types, a constant, a default and a `where` clause.
#[actor(Put<K, V>, Get<K, V>, Put<[u8; N], ()> as PutBytes)]
struct Cache<K: Key, V = u64, const N: usize = 4>
where
    V: Clone + Debug + Send + 'static,
{
    map: HashMap<K, V>,
    bytes: [u8; N],
}

impl<K: Key, V: Clone + Debug + Send + 'static, const N: usize> Handler<Put<K, V>>
    for Cache<K, V, N>
{
    fn handle(&mut self, Put(key, value): Put<K, V>, _: &mut Context<Self>) {
        self.map.insert(key, value);
    }
}

impl<K: Key, V: Clone + Debug + Send + 'static, const N: usize> Handler<Put<[u8; N], ()>>
    for Cache<K, V, N>
{
    fn handle(&mut self, Put(bytes, ()): Put<[u8; N], ()>, _: &mut Context<Self>) {
        self.bytes = bytes;
    }
}

impl<K: Key, V: Clone + Debug + Send + 'static, const N: usize> Handler<Get<K, V>>
    for Cache<K, V, N>
{
    fn handle(&mut self, Get(key, _): Get<K, V>, _: &mut Context<Self>) -> Option<V> {
        self.map.get(&key).cloned()
    }
}

#[test]
fn a_generic_actor_keeps_its_types_apart() {
    let system = ActorSystem::start("generic").unwrap();
    let cache: ActorRef<Cache<u8>> =
        system.spawn(Cache { map: HashMap::new(), bytes: [0; 4] }).unwrap();
    cache.tell(Put(1, 100)).unwrap();
    cache.tell_any(CacheMessage::PutBytes(Put([1, 2, 3, 4], ()))).unwrap();
    assert_eq!(cache.ask(Get(1, PhantomData)).wait().unwrap(), Some(100));
    let texts: ActorRef<Cache<u8, String, 0>> =
        system.spawn(Cache { map: HashMap::new(), bytes: [] }).unwrap();
    texts.tell(Put(1, "one".to_owned())).unwrap();
    assert_eq!(texts.ask(Get(1, PhantomData)).wait().unwrap().as_deref(), Some("one"));
    system.shutdown().unwrap();
}

/// The message is whatever the user of the actor says.
#[actor(T)]
struct Echo<T: Message<Reply = ()>, const N: usize = 4> {
    last: [Option<T>; N],
}

impl<T: Message<Reply = ()>, const N: usize> Handler<T> for Echo<T, N> {
    fn handle(&mut self, message: T, _: &mut Context<Self>) {
        self.last[0] = Some(message);
    }
}

#[test]
fn a_type_parameter_is_the_only_message() {
    let system = ActorSystem::start("generic").unwrap();
    let echo: ActorRef<Echo<Put<u8, u8>>> =
        system.spawn(Echo { last: [const { None }; 4] }).unwrap();
    echo.tell(Put(1, 1)).unwrap();
    echo.tell_any(EchoMessage::T(Put(2, 2))).unwrap();
    assert_eq!(format!("{:?}", EchoMessage::T(Put(2_u8, 2_u8))), "T");
    system.shutdown().unwrap();
}

trait Behavior: Send + 'static {
    type Msg: Send + 'static;
    fn on(&mut self, message: Self::Msg);
}

#[derive(Message)]
struct Wrap<M>(M);

#[derive(Message)]
struct Link<A>(#[expect(dead_code, reason = "only carried")] ActorRef<A>);

/// An associated type inside a message, and the actor's own type.
#[actor(Wrap<B::Msg>, Link<Self> as Peer)]
struct Runs<B: Behavior>(B);

impl<B: Behavior> Handler<Wrap<B::Msg>> for Runs<B> {
    fn handle(&mut self, Wrap(message): Wrap<B::Msg>, _: &mut Context<Self>) {
        self.0.on(message);
    }
}

impl<B: Behavior> Handler<Link<Self>> for Runs<B> {
    fn handle(&mut self, _: Link<Self>, _: &mut Context<Self>) {}
}

struct Sums(std::sync::mpsc::Sender<u64>);
impl Behavior for Sums {
    type Msg = u64;
    fn on(&mut self, message: u64) {
        self.0.send(message + 1).unwrap();
    }
}

fn tell_it<B: Behavior>(to: &ActorRef<Runs<B>>, message: B::Msg) {
    to.tell(Link(to.clone())).unwrap();
    to.tell(Wrap(message)).unwrap();
}

#[test]
fn a_message_may_hold_an_associated_type() {
    let system = ActorSystem::start("generic").unwrap();
    let (sums, seen) = std::sync::mpsc::channel();
    tell_it(&system.spawn(Runs(Sums(sums))).unwrap(), 41);
    assert_eq!(seen.recv().unwrap(), 42);
    system.shutdown().unwrap();
}

#[actor]
struct Map<K: Key, V: Clone + Send + 'static> {
    map: HashMap<K, V>,
}

#[handlers]
impl<K: Key, V: Clone + Send + 'static> Map<K, V> {
    fn put(&mut self, key: K, value: V) {
        self.map.insert(key, value);
    }
    fn first(&self) -> Option<V> {
        self.map.values().next().cloned()
    }
    fn count(&self) -> usize {
        self.map.len()
    }
    fn copy_from(&mut self, other: ActorRef<Self>, ctx: &mut Context<Self>) {
        ctx.ask(&other, MapFirst { __reply: PhantomData }).then(|_, first, _| {
            drop(first);
        });
    }
}

#[test]
fn a_message_of_the_short_form_carries_only_what_it_mentions() {
    let system = ActorSystem::start("generic").unwrap();
    let map = system.spawn(Map::<u8, String> { map: HashMap::new() }).unwrap();
    map.put(1, "one".to_owned()).unwrap();
    map.copy_from(map.clone()).unwrap();
    assert_eq!(map.first().wait().unwrap().as_deref(), Some("one"));
    let count: Recipient<MapCount> = map.recipient();
    assert_eq!(count.ask(MapCount).wait().unwrap(), 1);
    system.shutdown().unwrap();
}

/// An impl for one choice of parameters would not be an actor for all: the parameters stand on the impl.
#[actor(Wrap<u8>)]
struct Unused<T: Send + 'static, const FLAG: bool>(PhantomData<fn() -> T>);

impl<T: Send + 'static, const FLAG: bool> Handler<Wrap<u8>> for Unused<T, FLAG> {
    fn handle(&mut self, _: Wrap<u8>, _: &mut Context<Self>) {}
}

#[test]
fn parameters_that_no_message_names_are_not_in_the_enum() {
    let message: UnusedMessage = Wrap(1).into();
    let system = ActorSystem::start("generic").unwrap();
    system.spawn(Unused::<String, true>(PhantomData)).unwrap().tell_any(message).unwrap();
    system.shutdown().unwrap();
}

//! The public API as it is documented: this module need only compile.

#![allow(unused_variables, dead_code, unreachable_pub, reason = "only compiled")]
#![deny(warnings, private_interfaces)]

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;
use zactor::prelude::*;

pub struct Row;
#[derive(Debug)]
pub struct DbError;
impl std::fmt::Display for DbError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
impl std::error::Error for DbError {}

#[derive(Message)]
struct Deposit(u64);
#[derive(Message, Debug)]
#[message(reply = u64)]
struct Balance;
#[derive(Message)]
#[message(reply = Result<Row, DbError>)]
struct Load(String);
#[derive(Message)]
#[message(reply = u32)]
struct Search(String);
#[derive(Message)]
#[message(inline)]
struct Small([u64; 4]);

#[actor(Deposit, Balance, async Load, deferred Search, mailbox(capacity = 1024, overflow = fail), batch = 64,
    supervise(one_for_one, max_restarts = 5, within = "10s", backoff = "50ms..5s", jitter = 0.2), dispatcher = shared, lifecycle, supervisor)]
pub struct Account {
    cents: u64,
}
impl Handler<Deposit> for Account {
    fn handle(&mut self, Deposit(cents): Deposit, _ctx: &mut Context<Self>) {
        self.cents += cents;
    }
}
impl Handler<Balance> for Account {
    fn handle(&mut self, _: Balance, _ctx: &mut Context<Self>) -> u64 {
        self.cents
    }
}
impl AsyncHandler<Load> for Account {
    async fn handle(&mut self, msg: Load, ctx: &mut Context<Self>) -> Result<Row, DbError> {
        let me = ctx.me();
        ctx.ask(&me, Balance).timeout(Duration::from_secs(1)).then(|this, result, ctx| {
            this.cents += result.unwrap_or(0);
        });
        let n = me.ask(Balance).await;
        self.cents += 1;
        ctx.tell_self(Deposit(1)).ok();
        ctx.send_after(Duration::from_secs(1), Deposit(1));
        let timer: Result<Timer, zactor::ConfigError> =
            ctx.send_every(Duration::from_secs(1), || Deposit(1));
        timer.map_err(|_| DbError)?.cancel();
        ctx.set_receive_timeout(Duration::from_secs(1));
        ctx.set_receive_timeout(None);
        Ok(Row)
    }
}
impl DeferredHandler<Search> for Account {
    fn handle(&mut self, msg: Search, reply: ReplyTo<u32>, ctx: &mut Context<Self>) {
        std::thread::spawn(move || reply.send(7));
    }
}
impl Lifecycle for Account {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        std::fs::read("x")?;
        Err(DbError)?
    }
    fn on_terminated(&mut self, ctx: &mut Context<Self>, who: Terminated) {
        if let EndReason::Failed(f) = who.reason {
            ctx.fail(f)
        }
    }
}
impl Supervisor for Account {
    fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
        match failure.downcast_ref::<DbError>() {
            Some(_) => Directive::Resume,
            None => Directive::Restart,
        }
    }
}

#[actor]
struct Counter {
    n: u64,
}
#[handlers]
impl Counter {
    fn add(&mut self, by: u64) {
        self.n += by;
    }
    fn get(&self) -> u64 {
        self.n
    }
    async fn load(&mut self, key: String) -> Result<Row, DbError> {
        Ok(Row)
    }
    fn later(&mut self, ctx: &mut Context<Self>, by: u64) {
        let _ = ctx.me().add(by);
    }
}

trait Key: Hash + Eq + Clone + Send + 'static {}
trait Value: Clone + Send + 'static {}
#[derive(Message)]
struct Put<K, V>(K, V);
#[derive(Message)]
#[message(reply = Option<V>)]
struct Get<K, V>(K, PhantomData<fn() -> V>);
#[actor(Put<K, V>, Get<K, V>)]
struct Cache<K: Key, V: Value> {
    map: HashMap<K, V>,
}
impl<K: Key, V: Value> Handler<Put<K, V>> for Cache<K, V> {
    fn handle(&mut self, Put(k, v): Put<K, V>, ctx: &mut Context<Self>) {
        self.map.insert(k, v);
    }
}
impl<K: Key, V: Value> Handler<Get<K, V>> for Cache<K, V> {
    fn handle(&mut self, Get(k, _): Get<K, V>, ctx: &mut Context<Self>) -> Option<V> {
        self.map.get(&k).cloned()
    }
}

#[actor]
struct Map<K: Key, V: Value> {
    map: HashMap<K, V>,
}
#[handlers]
impl<K: Key, V: Value> Map<K, V> {
    fn put(&mut self, key: K, value: V) {
        self.map.insert(key, value);
    }
    fn get(&self, key: K) -> Option<V> {
        self.map.get(&key).cloned()
    }
    fn len(&self) -> usize {
        self.map.len()
    }
}

// a bare type parameter as the only message
#[actor(T)]
struct Echo<T: Message<Reply = ()>, const N: usize = 4> {
    last: [Option<T>; N],
}
impl<T: Message<Reply = ()>, const N: usize> Handler<T> for Echo<T, N> {
    fn handle(&mut self, m: T, ctx: &mut Context<Self>) {
        self.last[0] = Some(m);
    }
}

#[actor(Put<u8, u8> as PutSmall, Put<u16, u16> as PutLarge)]
struct Two;
impl Handler<Put<u8, u8>> for Two {
    fn handle(&mut self, m: Put<u8, u8>, ctx: &mut Context<Self>) {}
}
impl Handler<Put<u16, u16>> for Two {
    fn handle(&mut self, m: Put<u16, u16>, ctx: &mut Context<Self>) {}
}

#[actor]
struct Silent;
#[handlers]
impl Silent {}

async fn use_it(system: ActorSystem) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let account: ActorRef<Account> = system.spawn(Account { cents: 0 })?;
    let account = system
        .actor(|| Account { cents: 0 })
        .name("account-7")
        .mailbox_capacity(128)
        .restart(Restart::Transient)
        .overflow(Overflow::Block)
        .spawn()?;
    account.tell(Deposit(5))?;
    account.tell_batch((0..4).map(Deposit))?;
    account.send(Deposit(5)).await?;
    account.send(Deposit(5)).timeout(Duration::from_secs(1)).wait()?;
    let cents: u64 = account.ask(Balance).await?;
    let cents = account.ask(Balance).timeout(Duration::from_secs(1)).wait()?;
    account.tell_any(AccountMessage::from(Deposit(3)))?;
    println!("{:?}", AccountMessage::from(Balance));
    let any: Recipient<Deposit> = account.recipient();
    let any: Recipient<Deposit> = (&account).into();
    let cents = account.recipient::<Balance>().ask(Balance).await?;
    let weak: WeakActorRef<Account> = account.downgrade();
    account.stop().await?;
    account.drain().wait()?;
    account.kill();
    let r = system.lookup::<Account>("account-7");
    let counter = system.spawn(Counter { n: 0 })?;
    counter.add(3)?;
    let n: u64 = counter.get().wait()?;
    let row = counter.load("k".into()).await?;
    Ok(())
}
fn spawnable() {
    fn send<T: Send>(_: T) {}
    fn go(s: ActorSystem) {
        send(use_it(s))
    }
}

macro_rules! made { ($name:ident, $($m:ident),*) => { $(#[derive(Message)] struct $m;)* #[actor($($m),*)] struct $name; $(impl Handler<$m> for $name { fn handle(&mut self, _: $m, _: &mut Context<Self>) {} })* } }
made!(FromMacro, MsgA, MsgB);
fn inside_a_function() {
    #[derive(Message)]
    struct Local;
    #[actor(Local)]
    struct Here;
    impl Handler<Local> for Here {
        fn handle(&mut self, _: Local, _: &mut Context<Self>) {}
    }
    #[actor]
    struct Also {
        n: u8,
    }
    #[handlers]
    impl Also {
        fn put(&mut self, n: u8) {
            self.n = n;
        }
    }
}

// list entries that mention an associated type
trait Behavior: Send + Sync + Sized + 'static {
    type Msg: Send + Sync + 'static;
}
#[derive(Message)]
struct Wrap<M: Send + 'static>(M);
#[actor(Wrap<B::Msg>)]
struct RunsSync<B: Behavior>(B);
impl<B: Behavior> Handler<Wrap<B::Msg>> for RunsSync<B> {
    fn handle(&mut self, _: Wrap<B::Msg>, _: &mut Context<Self>) {}
}
fn tell_it<B: Behavior>(to: &ActorRef<RunsSync<B>>, m: B::Msg) {
    let _ = to.tell(Wrap(m));
}

#[actor(
    Deposit,
    supervise(one_for_all, max_restarts = 5, within = "10s", backoff = "50ms..5s", jitter = 0.2),
    lifecycle,
    supervisor
)]
struct Bank;
impl Handler<Deposit> for Bank {
    fn handle(&mut self, _: Deposit, ctx: &mut Context<Self>) {
        ctx.fail(DbError);
        let n: u64 = ctx.incarnation();
        let children: Vec<ActorId> = ctx.children();
    }
}
impl Lifecycle for Bank {
    fn post_stop(&mut self, ctx: &mut Context<Self>) {}
    fn pre_restart(&mut self, ctx: &mut Context<Self>, cause: &Failure) {}
    fn post_restart(&mut self, ctx: &mut Context<Self>, cause: &Failure) -> Result<(), Failure> {
        self.pre_start(ctx)
    }
}
impl Supervisor for Bank {
    fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
        match failure.downcast_ref::<DbError>() {
            Some(_) => Directive::Escalate,
            None if failure.is_panic() => Directive::Restart,
            None if child.restarts() > 3 || child.name().is_none() => Directive::Stop,
            None => Directive::Resume,
        }
    }
}
fn supervise_it(system: ActorSystem) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let children = Supervise::rest_for_one()
        .max_restarts(5)
        .within(Duration::from_secs(10))
        .backoff(Duration::from_millis(50)..Duration::from_secs(5))
        .jitter(0.2)
        .backoff_reset(Duration::from_secs(60));
    let other = ActorSystem::builder("other").supervise(Supervise::one_for_all()).start()?;
    let bank = system
        .actor(|| Bank)
        .restart(Restart::Permanent)
        .supervise(children)
        .keep_children(true)
        .spawn()?;
    Ok(())
}

// asynchronous handlers of generic actors, references held across an await
#[derive(Message)]
#[message(reply = usize)]
struct Ask<K>(Vec<ActorRef<Account>>, K);
#[actor(async Ask<K>)]
struct Fan<K: Key> {
    keys: Vec<K>,
}
impl<K: Key> AsyncHandler<Ask<K>> for Fan<K> {
    async fn handle(&mut self, m: Ask<K>, ctx: &mut Context<Self>) -> usize {
        let mut n = 0;
        for (r, k) in m.0.iter().zip(self.keys.iter_mut()) {
            n += r.ask(Balance).await.is_ok() as usize;
            *k = m.1.clone();
        }
        let me = ctx.me();
        ctx.send_after(Duration::from_secs(1), Ask(vec![], m.1));
        n
    }
}
#[actor]
struct Gen<K: Key> {
    keys: Vec<K>,
    seen: u32,
}
#[handlers]
impl<K: Key> Gen<K> {
    async fn fetch(&mut self, of: ActorRef<Account>, key: K) -> Option<K> {
        of.ask(Balance).await.ok()?;
        self.keys.push(key);
        self.keys.first().cloned()
    }
    fn count(&self) -> usize {
        self.keys.len()
    }
}

// list entries that mention an associated type
trait AsyncBehavior: Send + Sync + Sized + 'static {
    type Msg: Send + Sync + 'static;
    fn on(&mut self, m: Self::Msg) -> impl Future<Output = bool> + Send;
}
#[derive(Message)]
struct Wrapped<M: Send + 'static>(M);
#[actor(async Wrapped<B::Msg>)]
struct Runs<B: AsyncBehavior>(B);
impl<B: AsyncBehavior> AsyncHandler<Wrapped<B::Msg>> for Runs<B> {
    async fn handle(&mut self, m: Wrapped<B::Msg>, ctx: &mut Context<Self>) {
        if !self.0.on(m.0).await {
            ctx.stop()
        }
    }
}

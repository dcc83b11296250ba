//! Payloads of every size 0 to 33 and alignment 1 to 64, with a destructor, niches and padding, through every path:
//! the bytes arrive, the address is aligned, the destructor runs once.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

use crate::support::*;
use zactor::prelude::*;

/// Something to carry: made from a seed, checked on arrival, counted from birth to death.
trait Freight: Send + Sized + 'static {
    fn make(seed: u8) -> Self;
    /// The seed, after a check of all bytes.
    fn open(&self) -> u8;
    /// How many were made, and how many dropped.
    fn count() -> (u64, u64);
}

/// A type of no size that is aligned to so many bytes.
trait Align: Copy + Send + 'static {
    const ROW: usize;
}

macro_rules! alignments {
    ($($name:ident $bytes:literal $row:literal),*) => { $(
        #[derive(Clone, Copy)]
        #[repr(align($bytes))]
        struct $name;
        impl Align for $name { const ROW: usize = $row; }
    )* };
}
alignments!(A1 1 0, A2 2 1, A4 4 2, A8 8 3, A16 16 4, A32 32 5, A64 64 6);

struct Crate<const SIZE: usize, A: Align> {
    bytes: [u8; SIZE],
    _align: [A; 0],
}

static MADE: [[AtomicU64; 65]; 7] = [const { [const { AtomicU64::new(0) }; 65] }; 7];
static DROPPED: [[AtomicU64; 65]; 7] = [const { [const { AtomicU64::new(0) }; 65] }; 7];

impl<const SIZE: usize, A: Align> Freight for Crate<SIZE, A> {
    fn make(seed: u8) -> Self {
        assert_eq!((size_of::<Self>(), align_of::<Self>()), (SIZE, align_of::<A>()));
        MADE[A::ROW][SIZE].fetch_add(1, Relaxed);
        let mut bytes = [seed; SIZE];
        (0_u8..).zip(&mut bytes).for_each(|(n, byte)| *byte = byte.wrapping_add(n));
        Self { bytes, _align: [] }
    }

    fn open(&self) -> u8 {
        assert_eq!((&raw const *self).addr() % align_of::<A>(), 0, "aligned");
        let seed = self.bytes.first().copied().unwrap_or(0);
        for (n, byte) in (0_u8..).zip(&self.bytes) {
            assert_eq!(*byte, seed.wrapping_add(n), "byte {n} of {SIZE}");
        }
        seed
    }

    fn count() -> (u64, u64) {
        (MADE[A::ROW][SIZE].load(Relaxed), DROPPED[A::ROW][SIZE].load(Relaxed))
    }
}

impl<const SIZE: usize, A: Align> Drop for Crate<SIZE, A> {
    fn drop(&mut self) {
        self.open();
        DROPPED[A::ROW][SIZE].fetch_add(1, Relaxed);
    }
}

#[derive(Message)]
struct Carry<F: Freight>(F);

#[derive(Message)]
#[message(reply = F)]
struct Echo<F: Freight>(F);

#[derive(Message)]
struct Stand(Gate);

#[derive(Message)]
struct Break;

#[actor(Carry<F>, Echo<F>, Stand, Break)]
struct Porter<F: Freight> {
    next: Option<ActorRef<Porter<F>>>,
    opened: mpsc::Sender<u8>,
    breaks: bool,
    _carries: PhantomData<fn(F)>,
}

impl<F: Freight> Handler<Carry<F>> for Porter<F> {
    fn handle(&mut self, Carry(freight): Carry<F>, ctx: &mut Context<Self>) {
        if let Some(next) = &self.next {
            return ctx.forward(next, Carry(freight)).unwrap();
        }
        self.opened.send(freight.open()).unwrap();
        if self.breaks {
            give_up();
        }
    }
}

impl<F: Freight> Handler<Echo<F>> for Porter<F> {
    fn handle(&mut self, Echo(freight): Echo<F>, _: &mut Context<Self>) -> F {
        freight
    }
}

impl<F: Freight> Handler<Stand> for Porter<F> {
    fn handle(&mut self, Stand(gate): Stand, _: &mut Context<Self>) {
        gate.pass();
    }
}

impl<F: Freight> Handler<Break> for Porter<F> {
    fn handle(&mut self, _: Break, _: &mut Context<Self>) {
        self.breaks = true;
    }
}

struct Station<'a, F: Freight> {
    system: &'a ActorSystem,
    porter: ActorRef<Porter<F>>,
    opened: mpsc::Receiver<u8>,
    sized: bool,
}

impl<'a, F: Freight> Station<'a, F> {
    fn new(system: &'a ActorSystem) -> Self {
        let (give, opened) = mpsc::channel();
        let porter = Porter { next: None, opened: give, breaks: false, _carries: PhantomData };
        let porter = system.actor_of(porter).mailbox_capacity(100).spawn().unwrap();
        Self { system, porter, opened, sized: size_of::<F>() > 0 }
    }

    #[track_caller]
    fn arrives(&self, seeds: impl IntoIterator<Item = u8>) {
        for seed in seeds {
            let opened = self.opened.recv_timeout(PATIENCE).unwrap();
            assert_eq!(opened, if self.sized { seed } else { 0 });
        }
    }

    fn hold(&self) -> Opens {
        let gate = Gate::new();
        self.porter.tell(Stand(gate.clone())).unwrap();
        gate.wait_for(1);
        Opens(gate)
    }

    fn told(&self) {
        self.porter.tell(Carry(F::make(1))).unwrap();
        self.porter.tell_batch((2..9).map(|seed| Carry(F::make(seed)))).unwrap();
        self.porter.tell_any(PorterMessage::Carry(Carry(F::make(9)))).unwrap();
        self.porter.recipient::<Carry<F>>().tell(Carry(F::make(10))).unwrap();
        self.arrives(1..=10);
    }

    fn forwarded(&self) {
        let (opened, _unused) = mpsc::channel();
        let first = Porter {
            next: Some(self.porter.clone()),
            opened,
            breaks: false,
            _carries: PhantomData,
        };
        let first = self.system.spawn(first).unwrap();
        first.tell(Carry(F::make(11))).unwrap();
        self.arrives([11]);
        first.stop().wait().unwrap();
    }

    fn asked(&self) {
        let seed = |freight: F| if self.sized { freight.open() } else { 12 };
        assert_eq!(seed(self.porter.ask(Echo(F::make(12))).wait().unwrap()), 12);
        assert_eq!(seed(block_on(self.porter.ask(Echo(F::make(12)))).unwrap()), 12);
        drop(self.porter.ask(Echo(F::make(13)))); // late, or never looked at
        let (give, take) = mpsc::channel();
        let (asker, to) = (self.system.spawn(Lab::new()).unwrap(), self.porter.clone());
        asker
            .tell(job(move |_, ctx| {
                ctx.ask(&to, Echo(F::make(12))).then(move |_, reply, _| {
                    give.send(reply.unwrap()).unwrap();
                });
            }))
            .unwrap();
        assert_eq!(seed(take.recv_timeout(PATIENCE).unwrap()), 12);
        asker.stop().wait().unwrap();
    }

    /// Given back when full and when closed, dropped at the stop, lost in a panic.
    fn ends(self, how: u8) {
        let held = self.hold();
        if how == 2 {
            self.porter.tell(Break).unwrap();
        }
        let mut accepted = 0;
        let refused = loop {
            match self.porter.tell(Carry(F::make(accepted))) {
                Ok(()) => accepted += 1,
                Err(refused) => break refused,
            }
        };
        assert!(matches!(refused, SendError::Full(_)), "{refused:?}");
        let Carry(back) = refused.into_inner();
        assert_eq!(back.open(), if self.sized { accepted } else { 0 });
        let ended = match how {
            0 => self.porter.stop(),
            1 => self.porter.kill(),
            _ => self.porter.ended(),
        };
        drop(held);
        ended.wait().unwrap();
        let Err(SendError::Closed(Carry(back))) = self.porter.tell(Carry(F::make(77))) else {
            panic!("it has ended");
        };
        assert_eq!(back.open(), if self.sized { 77 } else { 0 });
    }
}

fn every_path<F: Freight>(system: &ActorSystem) {
    for how in 0..3 {
        let station = Station::<F>::new(system);
        station.told();
        station.forwarded();
        station.asked();
        station.ends(how);
    }
    // What a system that goes away still holds, is dropped as well.
    let station = Station::<F>::new(system);
    let held = station.hold();
    (0..10).for_each(|seed| station.porter.tell(Carry(F::make(seed))).unwrap());
    let asked = station.porter.ask(Echo(F::make(10)));
    let stopping = station.porter.stop();
    drop(held);
    assert!(matches!(asked.wait(), Err(AskError::Closed)));
    stopping.wait().unwrap();
    let (made, dropped) = F::count();
    assert_eq!(made, dropped, "{} bytes aligned to {}", size_of::<F>(), align_of::<F>());
}

macro_rules! every_size {
    ($($test:ident $align:ident: $($size:literal)*;)*) => { $(
        #[test]
        fn $test() {
            let system = system(1);
            $(every_path::<Crate<$size, $align>>(&system);)*
            let stats = finish(&system);
            assert_eq!(stats.drop_panics, 0);
        }
    )* };
}
every_size! {
    every_size_aligned_to_1 A1: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33;
    every_size_aligned_to_2 A2: 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34;
    every_size_aligned_to_4 A4: 0 4 8 12 16 20 24 28 32 36;
    every_size_aligned_to_8 A8: 0 8 16 24 32 40;
    every_size_aligned_to_16 A16: 0 16 32 48;
    every_size_aligned_to_32 A32: 0 32 64;
    every_size_aligned_to_64 A64: 0 64;
}

#[derive(Message)]
struct Value<T: Send + 'static>(T);

#[derive(Message)]
#[message(reply = T)]
struct Same<T: Send + 'static>(T);

#[actor(Value<T>, Same<T>)]
struct Mirror<T: Send + 'static>(Vec<T>);

impl<T: Send + 'static> Handler<Value<T>> for Mirror<T> {
    fn handle(&mut self, Value(value): Value<T>, _: &mut Context<Self>) {
        self.0.push(value);
    }
}

impl<T: Send + 'static> Handler<Same<T>> for Mirror<T> {
    /// Replies with what was told before.
    fn handle(&mut self, Same(value): Same<T>, _: &mut Context<Self>) -> T {
        self.0.pop().unwrap_or(value)
    }
}

#[track_caller]
fn mirrors<T: Clone + PartialEq + Debug + Send + 'static>(system: &ActorSystem, values: &[T]) {
    let mirror = system.spawn(Mirror(Vec::new())).unwrap();
    for value in values {
        assert_eq!(mirror.ask(Same(value.clone())).wait().unwrap(), *value);
        mirror.tell(Value(value.clone())).unwrap();
        assert_eq!(mirror.ask(Same(values[0].clone())).wait().unwrap(), *value);
        mirror.tell_batch([Value(values[0].clone()), Value(value.clone())]).unwrap();
        assert_eq!(mirror.ask(Same(values[0].clone())).wait().unwrap(), *value);
        assert_eq!(mirror.ask(Same(value.clone())).wait().unwrap(), values[0]);
    }
    mirror.stop().wait().unwrap();
}

#[derive(Clone, Debug, PartialEq)]
struct Padded {
    small: u8,
    large: u64,
    tail: u16,
}

#[derive(Clone, Debug, PartialEq)]
#[repr(u8)]
enum Shape {
    Empty,
    Text(String),
    Pair(u32, Option<NonZeroU32>),
    Padded(Padded) = 200,
}

#[test]
fn niches_padding_and_pointers_arrive_as_they_were_sent() {
    let system = system(1);
    mirrors(&system, &[None, Some(Box::new(7_u64))]);
    mirrors(&system, &[None, NonZeroU32::new(1), NonZeroU32::new(u32::MAX)]);
    mirrors(&system, &[true, false]);
    mirrors(&system, &['a', char::MAX]);
    mirrors(&system, &["static", ""]);
    mirrors(&system, &[Some(String::from("owned")), None]);
    mirrors(&system, &[Arc::<str>::from("shared")]);
    mirrors(&system, &[u128::MAX, 1]);
    mirrors(&system, &[(1_u8, 2_u32), (3, 4)]);
    mirrors(&system, &[Padded { small: 1, large: u64::MAX, tail: 3 }]);
    mirrors(&system, &[vec![1, 2, 3], vec![]]);
    mirrors(&system, &[[String::from("a"), String::from("b"), String::from("c")]]);
    mirrors(
        &system,
        &[
            Shape::Empty,
            Shape::Text("t".into()),
            Shape::Pair(1, NonZeroU32::new(2)),
            Shape::Padded(Padded { small: 9, large: 8, tail: 7 }),
        ],
    );
    mirrors(&system, &[Ok::<u8, Box<u8>>(1), Err(Box::new(2))]);
    mirrors(&system, &[(), ()]);
    finish(&system);
}

//! What stands behind the messages: parsed, checked, and as an expression of type `Options`.
use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Ident;

use super::duration::{duration, range};
use crate::keys::{Key, NumberOr, Value};
use crate::mistakes::{Mistakes, unknown};

/// Every key of `#[actor(..)]`.
pub(crate) const KEYS: &[&str] =
    &["mailbox", "batch", "priority", "supervise", "dispatcher", "lifecycle", "supervisor"];
/// Those that stand alone.
pub(crate) const FLAGS: &[&str] = &["lifecycle", "supervisor"];
/// The most messages that any mailbox can hold; a system may allow less.
const MAX_CAPACITY: u32 = 2_000_000;

/// The most messages in one turn.
const MAX_BATCH: u32 = 65_536;

/// What the options say. `None`: nothing was said.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) capacity: Option<Capacity>,
    pub(crate) overflow: Option<&'static str>,
    pub(crate) batch: Option<u32>,
    pub(crate) priority: Option<&'static str>,
    pub(crate) dispatcher: Option<&'static str>,
    pub(crate) supervise: Option<Supervise>,
    pub(crate) lifecycle: bool,
    pub(crate) supervisor: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    Messages(u32),
    Unbounded,
}

/// How the actor's children are supervised.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Supervise {
    pub(crate) strategy: &'static str,
    pub(crate) max_restarts: Option<u32>,
    pub(crate) within: Option<Duration>,
    pub(crate) backoff: Option<(Duration, Duration)>,
    pub(crate) jitter: Option<f64>,
}

const OVERFLOW: (&[&str], &[&str]) =
    (&["fail", "block", "drop_new", "drop_old"], &["Fail", "Block", "DropNew", "DropOld"]);
pub(crate) const PRIORITY: (&[&str], &[&str]) =
    (&["high", "normal", "low"], &["High", "Normal", "Low"]);
const DISPATCHER: (&[&str], &[&str]) = (&["shared", "pinned"], &["Shared", "Pinned"]);
const STRATEGIES: &[&str] = &["one_for_one", "one_for_all", "rest_for_one"];

pub(crate) fn check(keys: &[Key], mistakes: &mut Mistakes) -> Options {
    let mut options = Options::default();
    once_each(keys, mistakes);
    for key in keys {
        match key.name.to_string().as_str() {
            "mailbox" => mailbox(key, &mut options, mistakes),
            "batch" => options.batch = key.number(1..=MAX_BATCH, mistakes),
            "priority" => options.priority = chosen(key, PRIORITY, mistakes),
            "supervise" => options.supervise = supervise(key, mistakes),
            "dispatcher" => options.dispatcher = chosen(key, DISPATCHER, mistakes),
            "lifecycle" => options.lifecycle = key.flag(mistakes),
            "supervisor" => options.supervisor = key.flag(mistakes),
            "capacity" | "overflow" | "unbounded" => mistakes.at(
                &key.name,
                format!("`{0}` belongs to the mailbox: `mailbox({0} ..)`", key.name),
            ),
            other => mistakes.at(&key.name, unknown("key", other, KEYS)),
        }
    }
    options
}

/// Refuses a second key of a name.
pub(crate) fn once_each(keys: &[Key], mistakes: &mut Mistakes) {
    for (i, key) in keys.iter().enumerate() {
        if keys[..i].iter().any(|earlier| earlier.name == key.name) {
            mistakes.at(&key.name, format!("`{}` is said twice: keep one", key.name));
        }
    }
}

/// The variant that a word stands for.
pub(crate) fn chosen(
    key: &Key,
    (words, variants): (&[&str], &[&'static str]),
    mistakes: &mut Mistakes,
) -> Option<&'static str> {
    key.word(words, mistakes).map(|word| variants[word])
}

fn mailbox(key: &Key, options: &mut Options, mistakes: &mut Mistakes) {
    let keys = key.list("mailbox(capacity = 1024, overflow = fail)", mistakes);
    once_each(&keys, mistakes);
    for key in &keys {
        match key.name.to_string().as_str() {
            "capacity" => options.capacity = capacity(key, mistakes),
            "unbounded" if key.flag(mistakes) => {
                if keys.iter().any(|other| other.name == "capacity") {
                    mistakes
                        .at(&key.name, "a mailbox has a `capacity` or is `unbounded`, not both");
                }
                options.capacity = Some(Capacity::Unbounded);
            }
            "overflow" => options.overflow = chosen(key, OVERFLOW, mistakes),
            other => {
                mistakes.at(&key.name, unknown("`mailbox` key", other, &["capacity", "overflow"]));
            }
        }
    }
}

fn capacity(key: &Key, mistakes: &mut Mistakes) -> Option<Capacity> {
    match key.number_or("unbounded", 1..=MAX_CAPACITY, mistakes)? {
        NumberOr::Number(messages) => Some(Capacity::Messages(messages)),
        NumberOr::Word => Some(Capacity::Unbounded),
    }
}

fn supervise(key: &Key, mistakes: &mut Mistakes) -> Option<Supervise> {
    let example = "supervise(one_for_one, max_restarts = 5, within = \"10s\")";
    let keys = key.list(example, mistakes);
    once_each(&keys, mistakes);
    let mut strategy = None;
    let mut said =
        Supervise { strategy: "", max_restarts: None, within: None, backoff: None, jitter: None };
    for key in &keys {
        let name = key.name.to_string();
        match name.as_str() {
            "max_restarts" => said.max_restarts = key.number(0..=u32::MAX, mistakes),
            "within" => said.within = key.text("a time like \"10s\"", duration, mistakes),
            "backoff" => said.backoff = key.text("a range like \"50ms..5s\"", range, mistakes),
            "jitter" => said.jitter = key.share(mistakes),
            other => match STRATEGIES.iter().find(|strategy| **strategy == other) {
                Some(found) if key.flag(mistakes) && strategy.is_none() => strategy = Some(*found),
                Some(_) => mistakes.at(&key.name, "a second strategy: keep one"),
                None => {
                    let allowed =
                        [STRATEGIES, &["max_restarts", "within", "backoff", "jitter"]].concat();
                    mistakes.at(&key.name, unknown("`supervise` key", other, &allowed));
                }
            },
        }
    }
    let misspelt = |key: &Key| {
        matches!(key.value, Value::None) && !STRATEGIES.iter().any(|strategy| key.name == strategy)
    };
    if strategy.is_none() && !keys.is_empty() && !keys.iter().any(misspelt) {
        mistakes.at(&key.name, format!("`supervise` needs a strategy first: `{example}`"));
    }
    Some(Supervise { strategy: strategy?, ..said })
}

impl Options {
    /// The options as a constant expression.
    pub(crate) fn expression(&self) -> TokenStream {
        let site = Span::mixed_site();
        let named = |kind: &str, method: &str, variant: &str| {
            let [kind, method, variant] =
                [kind, method, variant].map(|name| Ident::new(name, site));
            quote_spanned!(site=> .#method(::zactor::#kind::#variant))
        };
        let capacity = self.capacity.map(|capacity| match capacity {
            Capacity::Messages(messages) => quote_spanned!(site=> .capacity(#messages)),
            Capacity::Unbounded => quote_spanned!(site=> .unbounded()),
        });
        let overflow = self.overflow.map(|policy| named("Overflow", "overflow", policy));
        let batch = self.batch.map(|batch| quote_spanned!(site=> .batch(#batch)));
        let priority = self.priority.map(|priority| named("Priority", "priority", priority));
        let dispatcher = self.dispatcher.map(|kind| named("Dispatcher", "dispatcher", kind));
        let supervise = self.supervise.as_ref().map(|supervise| {
            let supervise = supervise.expression();
            quote_spanned!(site=> .supervise(#supervise))
        });
        let supervisor = self.supervisor.then(|| quote_spanned!(site=> .supervisor()));
        quote_spanned! {site=>
            ::zactor::__private::Options::new()
                #capacity #overflow #batch #priority #dispatcher #supervise #supervisor
        }
    }
}

impl Supervise {
    fn expression(&self) -> TokenStream {
        let site = Span::mixed_site();
        let strategy = Ident::new(self.strategy, site);
        let max_restarts = self.max_restarts.map(|n| quote_spanned!(site=> .max_restarts(#n)));
        let within = self.within.map(|time| {
            let time = time_expression(time);
            quote_spanned!(site=> .within(#time))
        });
        let backoff = self.backoff.map(|(min, max)| {
            let (min, max) = (time_expression(min), time_expression(max));
            quote_spanned!(site=> .backoff(#min..#max))
        });
        let jitter = self.jitter.map(|share| quote_spanned!(site=> .jitter(#share)));
        quote_spanned!(site=> ::zactor::Supervise::#strategy() #max_restarts #within #backoff #jitter)
    }
}

fn time_expression(time: Duration) -> TokenStream {
    let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#seconds, #nanos))
}

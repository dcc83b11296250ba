//! What `#[actor(..)]` refuses, and what it writes.
use super::expand_with;
use crate::keys::squeezed;
use crate::mistakes::Mistakes;

/// The mistakes of `#[actor(arguments)] item` are `texts`, in this order.
#[track_caller]
fn refuses_all(arguments: &str, item: &str, texts: &[&str]) {
    let mut mistakes = Mistakes::default();
    expand_with(arguments.parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), texts);
}

#[track_caller]
fn refuses(arguments: &str, item: &str, text: &str) {
    refuses_all(arguments, item, &[text]);
}

/// The expansion of what has no mistake, with every feature switched on.
#[track_caller]
fn expansion(arguments: &str, item: &str) -> String {
    let mut mistakes = Mistakes::default();
    let code = expand_with(arguments.parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [""; 0]);
    squeezed(code)
}

/// All of `parts` stand in the expansion.
#[track_caller]
fn writes(arguments: &str, item: &str, parts: &[&str]) {
    let code = expansion(arguments, item);
    for part in parts {
        assert!(code.contains(&squeezed(part)), "{part}\nis not in\n{code}");
    }
}

const COUNTER: &str = "struct Counter;";

#[test]
fn an_entry_that_is_none_says_what_is_expected() {
    let entry = "expected a message, as in `Deposit`, or an option, as in `batch = 64`";
    refuses("\"Add\"", COUNTER, entry);
    refuses("Add,, Get", COUNTER, entry);
    refuses("Add, async", COUNTER, &format!("unexpected end of input, {entry}"));
    let name = "expected a name for the variant, as in `Put as OtherPut`";
    refuses("Add as", COUNTER, &format!("unexpected end of input, {name}"));
    refuses("Add as 3", COUNTER, name);
}

#[test]
fn messages_are_told_apart() {
    refuses("Add, Get, Add", COUNTER, "message `Add` is listed twice");
    refuses("Put<Vec<u8>>, Put< Vec<u8> >", COUNTER, "message `Put<Vec<u8>>` is listed twice");
    refuses(
        "Add, other::Add",
        COUNTER,
        "a second message named `Add`: rename it, `other::Add as OtherAdd`",
    );
    refuses(
        "Add, Get as Add",
        COUNTER,
        "a second message named `Add`: rename it, `Get as OtherAdd`",
    );
}

#[test]
fn a_message_is_a_named_type() {
    let text =
        "a message is a type with a name of its own: wrap this in a struct that derives `Message`";
    for ty in ["(u8, u8)", "[u8; 4]", "&'static str", "fn(u8)", "dyn Any"] {
        refuses(ty, COUNTER, text);
    }
}

#[test]
fn what_could_be_any_message_stands_alone() {
    let text = "a type parameter could be any of the other messages: list it as the only one, or wrap it in a struct";
    refuses("T, Add", "struct Counter<T: Message>(T);", text);
    let text = "an associated type could be any type: wrap it in a struct, `struct Wrap<M>(M)`";
    refuses("B::Msg", "struct Runs<B: Behavior>(B);", text);
    refuses("<B as Behavior>::Msg", "struct Runs<B: Behavior>(B);", text);
}

#[test]
fn only_structs_that_own_their_state_are_actors() {
    refuses(
        "Add",
        "enum Light { Red }",
        "an actor is a struct: put the enum into one, `struct Actor { state: Light }`",
    );
    refuses("Add", "union Bits { a: u8 }", "an actor is a struct: put the union into one");
    refuses(
        "",
        "impl Counter {}",
        "`#[actor]` stands on the struct; its methods get `#[handlers]`",
    );
    refuses("", "fn counter() {}", "`#[actor]` stands on a struct");
    let text = "an actor lives on its own and cannot borrow: own the data, or share it in an `Arc`";
    refuses("Add", "struct Counter<'a>(&'a str);", text);
    let text = "an actor lives on its own, on any thread: write `V: Send + 'static`";
    refuses("Add", "struct Counter<K: Key, V, W>(K, V, W) where W: Key;", text);
}

#[test]
fn keys_are_known_and_said_once() {
    refuses("bacth = 64", COUNTER, "unknown key `bacth`, did you mean `batch`?");
    refuses("lifecyle", COUNTER, "unknown key `lifecyle`, did you mean `lifecycle`?");
    refuses("batch = 64, batch = 64", COUNTER, "`batch` is said twice: keep one");
    refuses("lifecycle, lifecycle", COUNTER, "`lifecycle` is said twice: keep one");
    refuses("lifecycle = true", COUNTER, "`lifecycle` takes no value: write it alone");
    refuses("capacity = 5", COUNTER, "`capacity` belongs to the mailbox: `mailbox(capacity ..)`");
    refuses("batch = 64, Add", COUNTER, "messages stand before the options: move it to the front");
    refuses("Add Get", COUNTER, "expected `,`");
    refuses(
        "zebra = 1",
        COUNTER,
        "unknown key `zebra`, allowed are `mailbox`, `batch`, `priority`, `supervise`, `dispatcher`, \
         `lifecycle` and `supervisor`",
    );
}

#[test]
fn values_are_in_range() {
    let text = "`batch` is 0, allowed are whole numbers from 1 to 65,536";
    refuses("batch = 0", COUNTER, text);
    let text = "`batch` is 65_537, allowed are whole numbers from 1 to 65,536";
    refuses("batch = 65_537", COUNTER, text);
    let text = "`batch` takes a whole number from 1 to 65,536: `batch = ..`";
    refuses("batch", COUNTER, text);
    refuses("batch =", COUNTER, text);
    refuses("batch(64)", COUNTER, text);
    for value in ["0", "2_000_001", "-1", "1.5", "\"many\"", "unlimited", "4294967296", "CAPACITY"]
    {
        refuses(
            &format!("mailbox(capacity = {value})"),
            COUNTER,
            &format!(
                "`capacity` is {value}, allowed are whole numbers from 1 to 2,000,000 and `unbounded`"
            ),
        );
    }
    refuses(
        "priority = urgent",
        COUNTER,
        "unknown priority `urgent`, allowed are `high`, `normal` and `low`",
    );
    refuses("priority = 5", COUNTER, "`priority` is one of `high`, `normal` and `low`");
    refuses("dispatcher = pined", COUNTER, "unknown dispatcher `pined`, did you mean `pinned`?");
}

#[test]
fn a_mailbox_says_something_and_only_once() {
    let text = "`mailbox` takes a list: `mailbox(capacity = 1024, overflow = fail)`";
    refuses("mailbox", COUNTER, text);
    refuses("mailbox()", COUNTER, text);
    refuses("mailbox = 5", COUNTER, text);
    refuses("mailbox(capacity = 1, capacity = 2)", COUNTER, "`capacity` is said twice: keep one");
    refuses(
        "mailbox(capacity = 1, unbounded)",
        COUNTER,
        "a mailbox has a `capacity` or is `unbounded`, not both",
    );
    refuses(
        "mailbox(overflow = drop_newest)",
        COUNTER,
        "unknown overflow `drop_newest`, did you mean `drop_new`?",
    );
    refuses(
        "mailbox(size = 5)",
        COUNTER,
        "unknown `mailbox` key `size`, allowed are `capacity` and `overflow`",
    );
}

#[test]
fn supervision_is_checked() {
    let example = "`supervise(one_for_one, max_restarts = 5, within = \"10s\")`";
    refuses("supervise", COUNTER, &format!("`supervise` takes a list: {example}"));
    refuses(
        "supervise(max_restarts = 5)",
        COUNTER,
        &format!("`supervise` needs a strategy first: {example}"),
    );
    refuses("supervise(one_for_one, one_for_all)", COUNTER, "a second strategy: keep one");
    refuses(
        "supervise(one_for_al)",
        COUNTER,
        "unknown `supervise` key `one_for_al`, did you mean `one_for_all`?",
    );
    refuses(
        "supervise(one_for_one, within = 10)",
        COUNTER,
        "`within` takes a time like \"10s\", in quotes",
    );
    refuses(
        "supervise(one_for_one, within = \"0s\")",
        COUNTER,
        "\"0s\" is no time: it must be longer than 0",
    );
    refuses(
        "supervise(one_for_one, backoff = \"5s..1s\")",
        COUNTER,
        "\"5s..1s\" ends before it begins: write the shorter time first",
    );
    refuses(
        "supervise(one_for_one, jitter = 1.5)",
        COUNTER,
        "`jitter` is 1.5, allowed are numbers from 0 to 1",
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    refuses_all(
        "Add, Add, mailbox(capacity = 0, overflow = later), bacth = 64, batch = 0",
        COUNTER,
        &[
            "`capacity` is 0, allowed are whole numbers from 1 to 2,000,000 and `unbounded`",
            "unknown overflow `later`, allowed are `fail`, `block`, `drop_new` and `drop_old`",
            "unknown key `bacth`, did you mean `batch`?",
            "`batch` is 0, allowed are whole numbers from 1 to 65,536",
            "message `Add` is listed twice",
        ],
    );
}

#[test]
fn options_become_a_constant() {
    writes(
        "mailbox(capacity = 1_024, overflow = drop_old), batch = 64, priority = low, dispatcher = pinned",
        COUNTER,
        &[".capacity(1024u32).overflow(::zactor::Overflow::DropOld).batch(64u32)
            .priority(::zactor::Priority::Low).dispatcher(::zactor::Dispatcher::Pinned);"],
    );
    writes("mailbox(unbounded)", COUNTER, &["Options::new().unbounded();"]);
    writes("mailbox(capacity = unbounded)", COUNTER, &["Options::new().unbounded();"]);
    writes(
        "supervise(rest_for_one, max_restarts = 0, within = \"1500ms\", backoff = \"1us..1h\", jitter = 1)",
        COUNTER,
        &[".supervise(::zactor::Supervise::rest_for_one().max_restarts(0u32)
            .within(::core::time::Duration::new(1u64, 500000000u32))
            .backoff(::core::time::Duration::new(0u64, 1000u32)..::core::time::Duration::new(3600u64, 0u32))
            .jitter(1f64))"],
    );
    writes("supervisor", COUNTER, &["Options::new().supervisor();"]);
    writes(
        "Add, batch = 1",
        COUNTER,
        &["const OPTIONS: ::zactor::__private::Options
        = ::zactor::__private::Options::new().batch(1u32);"],
    );
}

#[test]
fn hooks_are_generated_unless_the_user_writes_them() {
    let code = expansion("", COUNTER);
    assert!(code.contains("impl::zactor::LifecycleforCounter{}"));
    assert!(code.contains("impl::zactor::SupervisorforCounter{}"));
    let code = expansion("lifecycle, supervisor", COUNTER);
    assert!(code.contains("impl::zactor::ActorforCounter{}"));
    assert!(!code.contains("Lifecycle") && !code.contains("Supervisor"));
}

#[test]
fn tags_are_dense_and_the_hidden_message_has_the_last() {
    writes(
        "Add, other::Put<u8> as OtherPut",
        "pub(crate) struct Counter;",
        &[
            "pub(crate) enum CounterMessage {
                #[doc = \" A message of type `Add`.\"] Add(Add),
                #[doc = \" A message of type `other::Put<u8>`.\"] OtherPut(other::Put<u8>)
            }",
            "unsafe impl ::zactor::Accepts<Add> for Counter { const TAG: ::core::primitive::u32 = 0u32; }",
            "unsafe impl ::zactor::Accepts<other::Put<u8> > for Counter {
                const TAG: ::core::primitive::u32 = 1u32; }",
            "::zactor::Accepts<::zactor::__private::Never<Counter> > for Counter {
                const TAG: ::core::primitive::u32 = ::core::primitive::u32::MAX; }",
            "&[\"Add\", \"OtherPut\"]",
            "impl ::core::convert::From<Add> for CounterMessage",
        ],
    );
}

#[test]
fn each_kind_of_handler_has_its_arm() {
    writes(
        "Add, async Load, deferred Find",
        COUNTER,
        &[
            "match delivery.tag() {
            0u32 => {
                let message = delivery.take::<Add>();
                let reply = <Self as ::zactor::Handler<Add>>::handle(self, message, ctx);
                ::zactor::__private::reply::<Self, Add>(ctx, reply);
            }
            1u32 => {
                let message = delivery.take::<Load>();
                ::zactor::__private::run_async::<Self, Load>(self, message, ctx);
            }
            2u32 => {
                let message = delivery.take::<Find>();
                let reply = ::zactor::__private::reply_to::<Self, Find>(ctx);
                <Self as ::zactor::DeferredHandler<Find>>::handle(self, message, reply, ctx);
            }
            _ => delivery.unknown(),
        }",
            "match undelivered.tag() {
            0u32 => undelivered.discard::<Add>(),
            1u32 => undelivered.discard::<Load>(),
            2u32 => undelivered.discard::<Find>(),
            _ => undelivered.unknown(),
        }",
        ],
    );
}

#[test]
fn the_enum_carries_what_its_messages_name() {
    let cache =
        "struct Cache<K: Key, V: Value, const N: usize = 4> where K: Ord { map: Map<K, V, N> }";
    writes(
        "Put<K>",
        cache,
        &[
            "enum CacheMessage<K: Key> where K: Ord",
            "impl<K: Key, V: Value, const N: usize> ::zactor::Actor for Cache<K, V, N> where K: Ord",
            "type Message = CacheMessage<K>;",
        ],
    );
    writes("Put<[u8; N]>", cache, &["enum CacheMessage<const N: usize = 4>"]);
    writes("Stop", cache, &["enum CacheMessage {"]);
    writes(
        "Wrap<B::Msg>, Link<Self>",
        "struct Runs<B: Behavior>(B);",
        &["enum RunsMessage<B: Behavior>", "Accepts<Link<Runs<B>>> for Runs<B>"],
    );
}

#[test]
fn a_type_parameter_alone_has_no_from() {
    let code = expansion("T", "struct Echo<T: Message>(T);");
    assert!(!code.contains("From"));
    assert!(code.contains("enumEchoMessage<T:Message>"));
}

#[test]
fn a_message_may_be_called_like_a_keyword_of_the_list() {
    writes("deferred, Add", COUNTER, &["Accepts<deferred>"]);
    writes("deferred::Add", COUNTER, &["Accepts<deferred::Add>"]);
    writes("deferred as Later", COUNTER, &["Later(deferred)"]);
    writes("deferred self::Add", COUNTER, &["DeferredHandler<self::Add>"]);
}

#[test]
fn the_expansion_has_no_unsafe_block_no_dyn_and_no_box() {
    let code = expansion("Add, async Load, deferred Get", COUNTER);
    for word in ["unsafe{", "dyn", "Box", "allow"] {
        assert!(!code.contains(word), "{word} is in\n{code}");
    }
    assert_eq!(code.matches("unsafe").count(), code.matches("unsafeimpl").count());
}

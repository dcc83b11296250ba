//! What `#[handlers]` refuses, and what it writes.
use super::expand_with;
use crate::keys::squeezed;
use crate::mistakes::Mistakes;

/// The only mistake of `impl Counter { methods }` is `text`.
#[track_caller]
fn refuses(methods: &str, text: &str) {
    refuses_block("", &format!("impl Counter {{ {methods} }}"), text);
}

#[track_caller]
fn refuses_block(arguments: &str, item: &str, text: &str) {
    let mut mistakes = Mistakes::default();
    expand_with(arguments.parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [text]);
}

/// The expansion of what has no mistake, with every feature switched on and without spaces.
#[track_caller]
fn expansion(item: &str) -> String {
    let mut mistakes = Mistakes::default();
    let code = expand_with("".parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [""; 0]);
    squeezed(code)
}

/// All of `parts` stand in the expansion of `item`.
#[track_caller]
fn writes(item: &str, parts: &[&str]) {
    let code = expansion(item);
    for part in parts {
        assert!(code.contains(&squeezed(part)), "{part}\nis not in\n{code}");
    }
}

#[test]
fn a_method_without_reply_is_told() {
    writes(
        "impl Counter { fn add(&mut self, by: u64) { self.n += by; } }",
        &[
            "pub struct CounterAdd { #[doc = \" The argument `by`.\"] pub by: u64 }",
            "impl ::zactor::Message for CounterAdd { type Reply = (); }",
            "impl ::zactor::Handler<CounterAdd> for Counter {
                fn handle(&mut self, message: CounterAdd, ctx: &mut ::zactor::Context<Self>) -> () {
                    Self::add(self, message.by)
                } }",
            "impl CounterApi<> for ::zactor::ActorRef<Counter> {
                fn add(&self, by: u64) -> ::core::result::Result<(), ::zactor::SendError<CounterAdd>> {
                    ::zactor::ActorRef::tell(self, CounterAdd { by, })
                } }",
            "pub enum CounterMessage",
        ],
    );
}

#[test]
fn a_method_with_a_reply_is_asked() {
    writes(
        "impl Counter { fn get(&self) -> u64 { self.n } fn flush(&mut self) -> () {} }",
        &[
            "pub struct CounterGet;",
            "impl ::zactor::Message for CounterGet { type Reply = u64; }",
            "fn get(&self) -> ::zactor::Reply<u64> { ::zactor::ActorRef::ask(self, CounterGet {}) }",
            "fn flush(&self) -> ::zactor::Reply<()>",
        ],
    );
}

#[test]
fn the_context_is_passed_where_it_was_asked_for() {
    writes(
        "impl Counter { fn add(&mut self, ctx: &mut Context<Self>, by: u64) {} }",
        &["Self::add(self, ctx, message.by)", "fn add(&self, by: u64)"],
    );
}

#[test]
fn async_and_deferred_methods_have_their_traits() {
    writes(
        "impl Counter { async fn load(&mut self, key: String) -> Row {} fn find(&mut self, to: ReplyTo<u8>) {} }",
        &[
            "impl ::zactor::AsyncHandler<CounterLoad> for Counter { fn handle(&mut self, message: CounterLoad,
                ctx: &mut ::zactor::Context<Self>)
                -> impl ::core::future::Future<Output = Row> + ::core::marker::Send {
                    Self::load(self, message.key)
                } }",
            "impl ::zactor::DeferredHandler<CounterFind> for Counter { fn handle(&mut self, message: CounterFind,
                reply: ::zactor::ReplyTo<u8>, ctx: &mut ::zactor::Context<Self>) -> () {
                    Self::find(self, reply)
                } }",
            "fn find(&self) -> ::zactor::Reply<u8>",
        ],
    );
}

#[test]
fn a_message_carries_what_its_arguments_and_reply_name() {
    let code = "impl<K: Key, V: Value> Map<K, V> where K: Ord {
        fn put(&mut self, key: K, value: V) {}
        fn get(&self, key: K) -> Option<V> {}
        fn len(&self) -> usize {}
        fn join(&self, other: ActorRef<Self>) {}
    }";
    writes(
        code,
        &[
            "pub struct MapPut<K: Key, V: Value> where K: Ord {",
            "#[doc(hidden)] pub __reply: ::core::marker::PhantomData<fn() -> Option<V>>",
            "MapGet { key, __reply: ::core::marker::PhantomData }",
            "pub struct MapLen;",
            "pub other: ActorRef<Map<K, V>>",
            "pub trait MapApi<K: Key, V: Value> where K: Ord {",
            "impl<K: Key, V: Value> MapApi<K, V> for ::zactor::ActorRef<Map<K, V>> where K: Ord",
        ],
    );
}

#[test]
fn an_empty_block_is_a_protocol_without_messages() {
    writes("impl Silent {}", &["pub enum SilentMessage {}", "match message {}", "match *self {}"]);
    assert!(!expansion("impl Silent {}").contains("SilentApi"));
}

#[test]
fn raw_names_and_documentation_are_kept() {
    writes(
        "impl Counter { /// Sets.\n fn r#type(&mut self, r#in: u8) {} }",
        &[
            "/// Sets."
                .replace("/// Sets.", "#[doc = \" Sets.\"] fn r#type(&self, r#in: u8)")
                .as_str(),
            "CounterType",
            "message.r#in",
        ],
    );
}

#[test]
fn references_in_signatures_of_functions_are_no_borrows() {
    let code = expansion(
        "impl C { fn each(&mut self, f: Box<dyn Fn(&u8) -> bool + Send>, g: fn(&str)) {} }",
    );
    assert!(code.contains("pubg:fn(&str)"));
    assert!(
        expansion("impl C { fn log(&self, text: &'static str) {} }")
            .contains("pubtext:&'staticstr")
    );
}

#[test]
fn messages_and_replies_own_what_they_carry() {
    let cure = "a message owns what it carries and cannot borrow: take";
    refuses("fn a(&self, x: &str) {}", &format!("{cure} `String`"));
    refuses("fn a(&self, x: &mut [u8]) {}", &format!("{cure} `Vec<u8>`"));
    refuses("fn a(&self, x: Vec<&Row>) {}", &format!("{cure} `Row` or `Arc<Row>`"));
    refuses("fn a(&self, x: &dyn Send) {}", &format!("{cure} `Box<dyn Send>`"));
    refuses(
        "fn a(&self) -> &u64 {}",
        "a reply owns what it carries and cannot borrow: return `u64` or `Arc<u64>`",
    );
    let text = "what travels in a message cannot borrow: only `'static` is possible";
    refuses("fn a(&self, x: Cow<'_, str>) {}", text);
    let text = "a message has one type: name it instead of `impl Trait`, or box it";
    refuses("fn a(&self, x: Option<impl Copy>) {}", text);
    let text = "a reply has one type: name it instead of `impl Trait`, or box it";
    refuses("fn a(&self) -> impl Copy {}", text);
}

#[test]
fn an_argument_has_a_plain_name() {
    let text = "an argument of a handler becomes a field of its message: give it a plain name and take it apart in the body";
    for pattern in ["(a, b)", "_", "Add(n)", "ref a", "a @ Some(_)", "&a"] {
        refuses(&format!("fn a(&self, {pattern}: Add) {{}}"), text);
    }
}

#[test]
fn a_handler_borrows_its_actor() {
    let text = "a handler borrows its actor, which goes on after it: take `&self` or `&mut self`";
    refuses("fn a(self) {}", text);
    refuses("fn a(mut self) {}", text);
    refuses("fn a(self: Box<Self>) {}", text);
    refuses(
        "fn new() -> Self {}",
        "a handler acts on its actor: give `new` `&self` or `&mut self`, or put it into another `impl Counter`",
    );
    let text = "a handler needs no lifetime: nothing it takes or gives can borrow";
    refuses("fn a(&'static self) {}", text);
}

#[test]
fn a_handler_is_an_ordinary_method() {
    let text = "a message has one type: a handler cannot be generic, the actor can";
    refuses("fn a<T>(&self, x: T) {}", text);
    refuses("fn a<'a>(&self) {}", text);
    let text = "bounds of a handler belong to the actor: put them on the `impl`";
    refuses("fn a(&self) where u8: Copy {}", text);
    refuses("unsafe fn a(&self) {}", "a handler is called by the actor's dispatch, which is safe");
    refuses("extern \"C\" fn a(&self) {}", "a handler is an ordinary method: remove the ABI");
    let text = "a protocol is the same in every build: put the condition inside the method, or on two whole actors";
    refuses("#[cfg(unix)] fn a(&self) {}", text);
    refuses("fn a(&self, #[cfg(unix)] x: u8) {}", text);
}

#[test]
fn names_that_would_be_shadowed_are_refused() {
    for name in [
        "tell", "ask", "send", "stop", "drain", "kill", "id", "name", "clone", "eq", "hash", "fmt",
        "into",
    ] {
        let text = format!(
            "`ActorRef` has a method `{name}` itself, which would hide this one: choose another name"
        );
        refuses(&format!("fn {name}(&self) {{}}"), &text);
    }
    refuses(
        "fn on_failure(&self) {}",
        "`on_failure` is a hook, not a message: write it in `impl Supervisor for Counter` and say `#[actor(supervisor)]`",
    );
    for name in ["api", "message"] {
        let made = if name == "api" { "CounterApi" } else { "CounterMessage" };
        let text = format!(
            "the name `{made}` is taken by what `#[handlers]` makes itself: choose another name"
        );
        refuses(&format!("fn {name}(&self) {{}}"), &text);
    }
    refuses(
        "fn add_one(&self) {} fn add__one(&self) {}",
        "`add_one` and `add__one` would both make the message `CounterAddOne`",
    );
}

#[test]
fn the_context_and_the_reply_are_taken_once() {
    refuses("fn a(&self, ctx: Context<Self>) {}", "the context is passed as `&mut Context<Self>`");
    refuses("fn a(&self, ctx: &Context<Self>) {}", "the context is passed as `&mut Context<Self>`");
    let two = "fn a(&self, a: &mut Context<Self>, b: &mut Context<Self>) {}";
    refuses(two, "a handler receives the context once");
    refuses(
        "fn a(&self, a: ReplyTo<u8>, b: ReplyTo<u8>) {}",
        "a message has one reply: take one `ReplyTo`",
    );
    let text = "a handler replies by its return type or through `ReplyTo`, not both: remove one";
    refuses("fn a(&self, a: ReplyTo<u8>) -> u8 {}", text);
    let text = "an async handler replies by its return type: remove `ReplyTo` or `async`";
    refuses("async fn a(&self, a: ReplyTo<u8>) {}", text);
}

#[test]
fn the_block_belongs_to_an_actor() {
    let text = "`#[handlers]` takes nothing: options stand in `#[actor(..)]` on the struct";
    refuses_block("batch = 64", "impl Counter {}", text);
    refuses_block(
        "",
        "struct Counter;",
        "`#[handlers]` stands on an `impl`; the struct gets `#[actor]`",
    );
    refuses_block("", "fn counter() {}", "`#[handlers]` stands on an `impl` of the actor");
    let text = "`#[handlers]` stands on the actor's own `impl`, not on that of a trait";
    refuses_block("", "impl Clone for Counter {}", text);
    refuses_block("", "impl (u8, u8) {}", "an actor is a struct with a name");
    let text = "an actor lives on its own and cannot borrow: own the data, or share it in an `Arc`";
    refuses_block("", "impl<'a> Counter<'a> {}", text);
    let text = "`#[handlers]` cannot see methods that a macro makes: write them out, or let the macro make the whole block";
    refuses("adding!();", text);
}

#[test]
fn each_kind_of_method_has_its_kind_of_handler() {
    let code = expansion(
        "impl Counter { async fn load(&mut self) {} fn find(&self, to: ReplyTo<u8>) {} fn add(&mut self) {} }",
    );
    for handler in
        ["AsyncHandler<CounterLoad>", "DeferredHandler<CounterFind>", "Handler<CounterAdd>"]
    {
        assert!(code.contains(&format!("::zactor::{handler}")), "{handler} is not in\n{code}");
    }
}

#[test]
fn the_expansion_has_no_unsafe_block_no_dyn_and_no_box() {
    let code = expansion(
        "impl Counter { fn add(&mut self, by: u64) {} async fn get(&mut self) -> u8 {} }",
    );
    for word in ["unsafe{", "dyn", "Box"] {
        assert!(!code.contains(word), "{word} is in\n{code}");
    }
    assert_eq!(code.matches("unsafe").count(), code.matches("unsafeimpl").count());
}

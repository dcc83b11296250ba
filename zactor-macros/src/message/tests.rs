//! What `#[derive(Message)]` refuses, and what it writes.
use super::expand_with;
use crate::keys::squeezed;
use crate::mistakes::Mistakes;

/// The only mistake of the item is `text`.
#[track_caller]
fn refuses(item: &str, text: &str) {
    let mut mistakes = Mistakes::with_everything_available();
    expand_with(item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [text]);
}

/// The expansion of an item without mistakes.
#[track_caller]
fn expansion(item: &str) -> String {
    let mut mistakes = Mistakes::default();
    let code = expand_with(item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [""; 0]);
    squeezed(code)
}

#[test]
fn a_message_says_what_is_replied() {
    assert_eq!(
        expansion("struct Add(u64);"),
        squeezed("impl ::zactor::Message for Add { type Reply = (); }")
    );
    assert_eq!(
        expansion("#[message(reply = Result<Row, Error>)] enum Load { All }"),
        squeezed("impl ::zactor::Message for Load { type Reply = Result<Row, Error>; }")
    );
}

#[test]
fn parameters_can_travel() {
    assert_eq!(
        expansion(
            "#[message(reply = V)] struct Get<K: Key, V = u8, const N: usize = 1>(K, V) where K: Ord;"
        ),
        squeezed(
            "impl<K : Key + ::core::marker::Send + 'static, V : ::core::marker::Send + 'static, \
         const N : usize> ::zactor::Message for Get<K, V, N> where K : Ord { type Reply = V; }"
        )
    );
}

#[test]
fn inline_is_asserted_while_compiling() {
    assert_eq!(
        expansion("#[message(inline)] struct Add(u64);"),
        squeezed(
            "impl ::zactor::Message for Add { type Reply = (); const INLINE : \
         ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(\"Add\"); } \
         const _ : () = ::zactor::__private::assert_inline::<Add> (\"Add\");"
        )
    );
    let generic = expansion("#[message(inline)] struct Add<T>(T);");
    assert!(generic.contains("INLINE") && !generic.contains("assert_inline"));
}

#[test]
fn boxed_is_a_constant() {
    assert!(
        expansion("#[message(boxed)] struct Add(u64);")
            .contains("constBOXED:::core::primitive::bool=true;")
    );
}

#[test]
fn keys_are_known_and_said_once() {
    refuses("#[message(replay = u8)] struct A;", "unknown key `replay`, did you mean `reply`?");
    refuses("#[message(reply = u8, reply = u8)] struct A;", "`reply` is said twice: keep one");
    refuses(
        "#[message(reply = u8)] #[message(reply = u8)] struct A;",
        "`reply` is said twice: keep one",
    );
    refuses("#[message(reply)] struct A;", "`reply` takes a type: `reply = ..`");
    refuses("#[message(reply = 64)] struct A;", "`reply` is 64, which is not a type");
    refuses("#[message(inline = 8)] struct A;", "`inline` takes no value: write it alone");
    refuses("#[message(inline, boxed)] struct A;", "a message is `inline` or `boxed`, not both");
    let text = "write `#[message(reply = u64)]`, or nothing for a message without reply";
    refuses("#[message] struct A;", text);
    refuses("#[message = \"u64\"] struct A;", text);
}

#[test]
fn a_message_does_not_borrow() {
    let text =
        "a message lives on its own and cannot borrow: own the data, or share it in an `Arc`";
    refuses("struct Print<'a>(&'a str);", text);
}

#[test]
fn what_this_version_lacks_is_checked_and_refused() {
    refuses("#[message(id = 5)] struct A;", "`id` takes a name like \"bank.deposit\", in quotes");
    refuses("#[message(id = \"\")] struct A;", "a message's `id` cannot be empty");
    refuses(
        "#[message(version = one)] struct A;",
        "`version` is one, allowed are whole numbers from 0 to 4,294,967,295",
    );
    let mut mistakes = Mistakes::default();
    let item = "#[message(id = \"a\", version = 2)] struct A;";
    let code = expand_with(item.parse().unwrap(), &mut mistakes);
    assert_eq!(
        mistakes.texts(),
        [
            "a fixed `id` or `version` of a message is not available in this version of zactor",
            "a fixed `id` or `version` of a message is not available in this version of zactor",
        ]
    );
    assert_eq!(squeezed(code), squeezed("impl ::zactor::Message for A { type Reply = (); }"));
}

//! What `#[actor(..)]` refuses, and what it writes.
use super::expand_with;
use crate::mistakes::Mistakes;

/// The only mistake of `#[actor(arguments)] item` is `text`.
#[track_caller]
fn refuses(arguments: &str, item: &str, text: &str) {
    let mut mistakes = Mistakes::default();
    expand_with(arguments.parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [text]);
}

/// The expansion of what has no mistake, with every feature switched on.
#[track_caller]
fn expansion(arguments: &str, item: &str) -> String {
    let mut mistakes = Mistakes::with_everything_available();
    let code = expand_with(arguments.parse().unwrap(), item.parse().unwrap(), &mut mistakes);
    assert_eq!(mistakes.texts(), [""; 0]);
    code.to_string()
}

#[test]
fn a_message_is_listed_once() {
    refuses("Add, Get, Add", "struct Counter;", "message `Add` is listed twice");
}

#[test]
fn the_expansion_has_no_unsafe_block_no_dyn_and_no_box() {
    let code = expansion("Add, async Load, deferred Get", "struct Counter;");
    for word in ["unsafe {", "dyn", "Box"] {
        assert!(!code.contains(word), "{code}");
    }
    assert_eq!(code.matches("unsafe").count(), code.matches("unsafe impl").count());
}

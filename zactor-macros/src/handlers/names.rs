//! Which names a handler may not have, and the names of what is made from it.
use syn::Ident;
use syn::ext::IdentExt as _;

use crate::mistakes::Mistakes;

/// Methods that an `ActorRef` has itself or by its traits: one of the user's would be shadowed, silently
/// or not.
const OF_ACTOR_REF: &[&str] = &[
    "tell",
    "tell_any",
    "tell_batch",
    "send",
    "ask",
    "recipient",
    "id",
    "name",
    "is_alive",
    "stop",
    "drain",
    "kill",
    "ended",
    "downgrade",
    "clone",
    "clone_from",
    "eq",
    "ne",
    "hash",
    "fmt",
    "into",
    "try_into",
    "to_owned",
    "borrow",
    "borrow_mut",
    "type_id",
];

/// Methods of `Lifecycle` and `Supervisor`, with the key that lets a user write them.
const HOOKS: &[(&str, &str, &str)] = &[
    ("pre_start", "Lifecycle", "lifecycle"),
    ("post_stop", "Lifecycle", "lifecycle"),
    ("pre_restart", "Lifecycle", "lifecycle"),
    ("post_restart", "Lifecycle", "lifecycle"),
    ("on_terminated", "Lifecycle", "lifecycle"),
    ("on_receive_timeout", "Lifecycle", "lifecycle"),
    ("on_failure", "Supervisor", "supervisor"),
];

/// Whether a method of this name can be a handler of `actor`.
pub(crate) fn allowed(method: &Ident, actor: &Ident, mistakes: &mut Mistakes) -> bool {
    let name = method.unraw().to_string();
    if OF_ACTOR_REF.contains(&name.as_str()) {
        let text = format!(
            "`ActorRef` has a method `{name}` itself, which would hide this one: choose another name"
        );
        mistakes.at(method, text);
        return false;
    }
    if let Some((_, trait_, key)) = HOOKS.iter().find(|(hook, ..)| *hook == name) {
        let text = format!(
            "`{name}` is a hook, not a message: write it in `impl {trait_} for {actor}` and say `#[actor({key})]`"
        );
        mistakes.at(method, text);
        return false;
    }
    if matches!(name.as_str(), "api" | "message") {
        let made = format!("{}{}", actor.unraw(), pascal(&name));
        let text = format!(
            "the name `{made}` is taken by what `#[handlers]` makes itself: choose another name"
        );
        mistakes.at(method, text);
        return false;
    }
    true
}

/// `add_all` as `AddAll`.
pub(crate) fn pascal(snake: &str) -> String {
    let words = snake.split('_').filter(|word| !word.is_empty());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::pascal;

    #[test]
    fn a_method_names_its_message() {
        assert_eq!(pascal("add"), "Add");
        assert_eq!(pascal("add_all"), "AddAll");
        assert_eq!(pascal("_add__2nd_"), "Add2nd");
    }
}

//! What the methods mean: a message each, how it is handled, how it is sent.
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Generics, Ident, ImplItemFn, ReturnType, Safety};

use super::arguments::{Argument, Place, argument, owned, receiver, refuse_cfg};
use super::names::{allowed, pascal};
use super::parse::Written;
use crate::generics::{carried, generics_without_self, refuse_lifetimes, without_self};
use crate::keys::made;
use crate::mistakes::Mistakes;
use crate::protocol::Kind;

/// The block, ready to be written out.
pub(crate) struct Block {
    pub(crate) name: Ident,
    pub(crate) actor: TokenStream,
    /// With `Self` already replaced.
    pub(crate) generics: Generics,
    pub(crate) methods: Vec<Method>,
}

/// A method and the message made from it.
pub(crate) struct Method {
    pub(crate) name: Ident,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) kind: Kind,
    /// In written order, with `Self` already replaced.
    pub(crate) arguments: Vec<Argument>,
    /// `None`: the message is told, not asked.
    pub(crate) reply: Option<TokenStream>,
    pub(crate) variant: Ident,
    pub(crate) message: Ident,
    /// The parameters that the message carries.
    pub(crate) generics: Generics,
}

/// `None` if nothing sensible can be generated.
pub(crate) fn check(written: Written, mistakes: &mut Mistakes) -> Option<Block> {
    let borrows = refuse_lifetimes("an actor", &written.generics, mistakes);
    let actor = written.actor.to_token_stream();
    let generics = generics_without_self(&written.generics, &actor);
    let mut block = Block { name: written.name, actor, generics, methods: Vec::new() };
    for item in &written.methods {
        let Some(method) = method(item, &block, mistakes) else { continue };
        let taken = block.methods.iter().find(|earlier| earlier.message == method.message);
        match taken {
            Some(earlier) if earlier.name == method.name => {} // rustc reports the second method itself
            Some(earlier) => mistakes.at(
                &method.name,
                format!(
                    "`{}` and `{}` would both make the message `{}`",
                    earlier.name, method.name, method.message
                ),
            ),
            None => block.methods.push(method),
        }
    }
    (!borrows).then_some(block)
}

fn method(item: &ImplItemFn, block: &Block, mistakes: &mut Mistakes) -> Option<Method> {
    let signature = &item.sig;
    refuse_cfg(&item.attrs, mistakes);
    let Some(FnArg::Receiver(taken)) = signature.inputs.first() else {
        let text = format!(
            "a handler acts on its actor: give `{}` `&self` or `&mut self`, or put it into another `impl {}`",
            signature.ident, block.name
        );
        mistakes.at(&signature.ident, text);
        return None;
    };
    let good = [
        receiver(taken, mistakes),
        allowed(&signature.ident, &block.name, mistakes),
        plain(signature, mistakes),
    ];
    let arguments: Vec<Option<Argument>> =
        signature.inputs.iter().skip(1).map(|input| argument(input, mistakes)).collect();
    let given = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((ty, owned(ty, Place::Reply, mistakes))),
    };
    let consistent = consistent(signature, &arguments, mistakes);
    if !good.iter().all(|good| *good) || !consistent || given.is_some_and(|(_, owned)| !owned) {
        return None;
    }
    let arguments = arguments.into_iter().collect::<Option<Vec<Argument>>>()?;
    let arguments = arguments.into_iter().map(|argument| clean(argument, &block.actor)).collect();
    let reply = given.map(|(ty, _)| without_self(ty.to_token_stream(), &block.actor));
    Some(finished(item, arguments, reply, block))
}

/// The method with the names and parameters of its message.
fn finished(
    item: &ImplItemFn,
    arguments: Vec<Argument>,
    reply: Option<TokenStream>,
    block: &Block,
) -> Method {
    let name = item.sig.ident.clone();
    let token = arguments.iter().find_map(|argument| match argument {
        Argument::Token { reply } => Some(reply.clone()),
        _ => None,
    });
    let kind = match (&item.sig.asyncness, &token) {
        (Some(_), _) => Kind::Async,
        (None, Some(_)) => Kind::Deferred,
        (None, None) => Kind::Plain,
    };
    let reply = token.or(reply);
    let fields = arguments.iter().filter_map(|argument| match argument {
        Argument::Field { ty, .. } => Some(ty),
        _ => None,
    });
    let generics = carried(&block.generics, &quote!(#(#fields,)* #reply));
    let variant = pascal(&name.unraw().to_string());
    Method {
        docs: item.attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect(),
        message: made(&format!("{}{variant}", block.name.unraw()), name.span()),
        variant: made(&variant, name.span()),
        name,
        kind,
        arguments,
        reply,
        generics,
    }
}

/// Whether the signature is that of an ordinary method.
fn plain(signature: &syn::Signature, mistakes: &mut Mistakes) -> bool {
    let mut plain = true;
    let mut refuse = |tokens: &dyn quote::ToTokens, text: &str| {
        plain = false;
        mistakes.at(tokens, text);
    };
    if !signature.generics.params.is_empty() {
        let text = "a message has one type: a handler cannot be generic, the actor can";
        refuse(&signature.generics, text);
    } else if let Some(clause) = &signature.generics.where_clause {
        refuse(clause, "bounds of a handler belong to the actor: put them on the `impl`");
    }
    if let Safety::Unsafe(keyword) = &signature.safety {
        refuse(keyword, "a handler is called by the actor's dispatch, which is safe");
    }
    if let Some(abi) = &signature.abi {
        refuse(abi, "a handler is an ordinary method: remove the ABI");
    }
    if let Some(variadic) = &signature.variadic {
        refuse(variadic, "a handler has a fixed number of arguments");
    }
    plain
}

/// Whether there is at most one context, at most one reply token, and then no second way to reply.
fn consistent(
    signature: &syn::Signature,
    arguments: &[Option<Argument>],
    mistakes: &mut Mistakes,
) -> bool {
    let of = |wanted: fn(&Argument) -> bool| {
        let found = signature.inputs.iter().skip(1).zip(arguments);
        found
            .filter(move |(_, argument)| argument.as_ref().is_some_and(wanted))
            .map(|(input, _)| input)
    };
    let second_context = of(|argument| matches!(argument, Argument::Context)).nth(1);
    let mut tokens = of(|argument| matches!(argument, Argument::Token { .. }));
    let (token, second_token) = (tokens.next(), tokens.next());
    if let Some(second) = second_context {
        mistakes.at(second, "a handler receives the context once");
    }
    if let Some(second) = second_token {
        mistakes.at(second, "a message has one reply: take one `ReplyTo`");
    }
    let both = match (token, &signature.output) {
        (Some(_), ReturnType::Type(_, ty)) => {
            let text =
                "a handler replies by its return type or through `ReplyTo`, not both: remove one";
            mistakes.at(ty, text);
            true
        }
        _ => false,
    };
    let asynchronous = token.filter(|_| signature.asyncness.is_some());
    if let Some(token) = asynchronous {
        let text = "an async handler replies by its return type: remove `ReplyTo` or `async`";
        mistakes.at_span(token.span(), text);
    }
    second_context.is_none() && second_token.is_none() && !both && asynchronous.is_none()
}

/// The argument with the actor's type in the place of `Self`.
fn clean(argument: Argument, actor: &TokenStream) -> Argument {
    match argument {
        Argument::Field { name, ty } => Argument::Field { name, ty: without_self(ty, actor) },
        Argument::Token { reply } => Argument::Token { reply: without_self(reply, actor) },
        Argument::Context => Argument::Context,
    }
}

//! What the written attribute means: names, kinds and options, with all that contradicts itself reported.
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Ident, Type};

use super::options::{self, Options};
use super::parse::{Message, Written, ident};
use crate::generics::{
    applied, generics_without_self, name, refuse_lifetimes, refuse_unbound, without_self,
};
use crate::keys::{made, shown};
use crate::mistakes::Mistakes;
use crate::protocol::{Entry, Protocol};

/// An actor, ready to be written out.
pub(crate) struct Actor {
    pub(crate) protocol: Protocol,
    pub(crate) options: Options,
    /// Whether the protocol comes from the list; else it comes from `#[handlers]`.
    pub(crate) listed: bool,
}

/// `None` if nothing sensible can be generated.
pub(crate) fn check(written: Written, mistakes: &mut Mistakes) -> Option<Actor> {
    let Written { name, mut generics, visibility, messages, options } = written;
    let options = options::check(&options, mistakes);
    let borrows = refuse_lifetimes("an actor", &generics, mistakes);
    refuse_unbound(&mut generics, mistakes);
    let actor = applied(&name, &generics);
    let mut entries: Vec<Entry> = Vec::new();
    for message in &messages {
        let ty = without_self(message.ty.to_token_stream(), &actor);
        let Some((variant, is_parameter)) =
            understand(message, messages.len(), &generics, mistakes)
        else {
            continue;
        };
        if entries.iter().any(|earlier| same(&earlier.message, &ty)) {
            mistakes.at(&message.ty, format!("message `{}` is listed twice", shown(&message.ty)));
            continue;
        }
        if entries.iter().any(|earlier| earlier.variant == variant) {
            let text = format!(
                "a second message named `{variant}`: rename it, `{} as Other{variant}`",
                shown(&message.ty)
            );
            mistakes.at(message, text);
            continue;
        }
        let span = message.ty.span();
        entries.push(Entry {
            kind: message.kind,
            message: ty,
            variant,
            span,
            is_parameter,
            is_written: true,
        });
    }
    let protocol = Protocol {
        generics: generics_without_self(&generics, &actor),
        visibility: visibility.to_token_stream(),
        options: options.expression(),
        name,
        actor,
        entries,
    };
    (!borrows).then_some(Actor { protocol, options, listed: !messages.is_empty() })
}

/// Whether two types are written alike, spaces apart.
fn same(one: &TokenStream, other: &TokenStream) -> bool {
    let [one, other] = [one, other].map(|ty| shown(ty).replace(' ', ""));
    one == other
}

/// The name of a message in the enum, and whether it is a type parameter.
fn understand(
    message: &Message,
    messages: usize,
    generics: &syn::Generics,
    mistakes: &mut Mistakes,
) -> Option<(Ident, bool)> {
    let ty = bare(&message.ty);
    let Type::Path(path) = ty else {
        mistakes.at(ty, "a message is a type with a name of its own: wrap this in a struct that derives `Message`");
        return None;
    };
    let is_param =
        |ident: &Ident| generics.params.iter().filter_map(name).any(|param| param == ident);
    let is_parameter = ident(ty).is_some_and(is_param);
    if is_parameter && messages > 1 {
        let text = "a type parameter could be any of the other messages: list it as the only one, or wrap it in a struct";
        mistakes.at(ty, text);
        return None;
    }
    let first = path.path.segments.first().map(|segment| &segment.ident);
    let owner = path.qself.as_ref().and_then(|qself| ident(&qself.ty)).or(first);
    if !is_parameter && owner.is_some_and(is_param) {
        mistakes.at(
            ty,
            "an associated type could be any type: wrap it in a struct, `struct Wrap<M>(M)`",
        );
        return None;
    }
    let last = path.path.segments.last()?;
    let variant =
        message.rename.clone().unwrap_or_else(|| made(&last.ident.to_string(), ty.span()));
    Some((variant, is_parameter))
}

/// The type without parentheses, visible or not.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

//! What a handler takes and gives: fields of a message, the context, a reply token.
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::visit::Visit;
use syn::{
    FnArg, GenericArgument, Ident, Pat, PatType, PathArguments, PathSegment, Receiver,
    ReceiverKind, Type, TypeReference,
};

use crate::mistakes::Mistakes;

/// One argument after the receiver.
pub(crate) enum Argument {
    Field { name: Ident, ty: TokenStream },
    Context,
    Token { reply: TokenStream },
}

/// Whether `receiver` is `&self` or `&mut self`.
pub(crate) fn receiver(receiver: &Receiver, mistakes: &mut Mistakes) -> bool {
    let lifetime = match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, _) => lifetime,
        _ => {
            let text =
                "a handler borrows its actor, which goes on after it: take `&self` or `&mut self`";
            mistakes.at(receiver, text);
            return false;
        }
    };
    if let Some(lifetime) = lifetime {
        mistakes.at(lifetime, "a handler needs no lifetime: nothing it takes or gives can borrow");
    }
    lifetime.is_none()
}

/// Reads an argument; `None` after a mistake.
pub(crate) fn argument(argument: &FnArg, mistakes: &mut Mistakes) -> Option<Argument> {
    let FnArg::Typed(PatType { pat, ty, attrs, .. }) = argument else { return None };
    refuse_cfg(attrs, mistakes);
    if let Type::Reference(reference) = &**ty {
        if let Some(context) = segment(&reference.elem, "Context") {
            if reference.mutability.is_none() {
                mistakes.at(ty, format!("the context is passed as `&mut {}`", tight(context)));
            }
            return Some(Argument::Context);
        }
    }
    if segment(ty, "Context").is_some() {
        mistakes.at(ty, "the context is passed as `&mut Context<Self>`");
        return None;
    }
    if let Some(token) = segment(ty, "ReplyTo") {
        return token_reply(token).map(|reply| Argument::Token { reply });
    }
    let owned = owned(ty, Place::Argument, mistakes);
    let name = match &**pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.ident.clone(),
        other => {
            let text = "an argument of a handler becomes a field of its message: give it a plain name and take it apart in the body";
            mistakes.at(other, text);
            return None;
        }
    };
    owned.then(|| Argument::Field { name, ty: ty.to_token_stream() })
}

fn tight(segment: &PathSegment) -> String {
    crate::keys::shown(segment)
}

/// The last segment of the type's path, if it is called `name`.
fn segment<'a>(ty: &'a Type, name: &str) -> Option<&'a PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last().filter(|segment| segment.ident == name),
        Type::Group(group) => segment(&group.elem, name),
        Type::Paren(paren) => segment(&paren.elem, name),
        _ => None,
    }
}

/// The `R` of `ReplyTo<R>`.
fn token_reply(token: &PathSegment) -> Option<TokenStream> {
    let PathArguments::AngleBracketed(arguments) = &token.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(reply)) => Some(reply.to_token_stream()),
        _ => None,
    }
}

/// Refuses conditional compilation inside the block: tags must be the same in every build.
pub(crate) fn refuse_cfg(attributes: &[syn::Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            let text = "a protocol is the same in every build: put the condition inside the method, or on two whole actors";
            mistakes.at(attribute, text);
        }
    }
}

/// Where a type stands that must own what it holds.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Argument,
    Reply,
}

/// Whether `ty` borrows nothing and is written out.
pub(crate) fn owned(ty: &Type, place: Place, mistakes: &mut Mistakes) -> bool {
    let mut found = Found { place, mistakes, any: false };
    found.visit_type(ty);
    !found.any
}

struct Found<'a> {
    place: Place,
    mistakes: &'a mut Mistakes,
    any: bool,
}

impl<'ast> Visit<'ast> for Found<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
            return syn::visit::visit_type_reference(self, reference);
        }
        self.any = true;
        let owner = owner(&reference.elem);
        let text = match self.place {
            Place::Argument => {
                format!("a message owns what it carries and cannot borrow: take {owner}")
            }
            Place::Reply => {
                format!("a reply owns what it carries and cannot borrow: return {owner}")
            }
        };
        self.mistakes.at(reference, text);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        if lifetime.ident != "static" {
            self.any = true;
            self.mistakes.at(
                lifetime,
                "what travels in a message cannot borrow: only `'static` is possible",
            );
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.any = true;
        let text = match self.place {
            Place::Argument => "a message has one type: name it instead of `impl Trait`, or box it",
            Place::Reply => "a reply has one type: name it instead of `impl Trait`, or box it",
        };
        self.mistakes.at(ty, text);
    }

    // References in the signature of a function or closure are borrowed during its calls only.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(
        &mut self,
        _: &'ast syn::ParenthesizedGenericArguments,
    ) {
    }
    fn visit_bound_lifetimes(&mut self, _: &'ast syn::BoundLifetimes) {}
}

/// The owned counterpart of what a reference leads to.
fn owner(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
        Type::Path(path) if path.path.is_ident("Path") => "`PathBuf`".to_owned(),
        Type::Slice(slice) => format!("`Vec<{}>`", crate::keys::shown(&*slice.elem)),
        Type::TraitObject(object) => format!("`Box<{}>`", crate::keys::shown(object)),
        other => format!("`{0}` or `Arc<{0}>`", crate::keys::shown(other)),
    }
}

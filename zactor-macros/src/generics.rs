//! Which parameters a generated type carries, and what `Self` stands for outside the actor's own impls.
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Generics, Ident, Token, TypeParam, WherePredicate, parse_quote_spanned};

use crate::mistakes::Mistakes;

/// The name of a type or const parameter; `None` for a lifetime.
pub(crate) fn name(param: &GenericParam) -> Option<&Ident> {
    match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    }
}

/// Those of `all` that `tokens` name, with every bound that names no other parameter.
pub(crate) fn carried(all: &Generics, tokens: &TokenStream) -> Generics {
    let named = |param: &&GenericParam| name(param).is_some_and(|name| mentions(tokens, name));
    let kept: Vec<GenericParam> = all.params.iter().filter(named).cloned().collect();
    let left_out: Vec<&Ident> =
        all.params.iter().filter(|param| !named(param)).filter_map(name).collect();
    let allowed = |tokens: &TokenStream| !left_out.iter().any(|name| mentions(tokens, name));
    let about_kept = |tokens: &TokenStream| {
        allowed(tokens) && kept.iter().filter_map(name).any(|name| mentions(tokens, name))
    };
    let mut generics = Generics::default();
    if kept.is_empty() {
        return generics;
    }
    generics.params = trimmed(&kept, &allowed);
    let whole = all.where_clause.iter().flat_map(|clause| &clause.predicates);
    let predicates: Vec<&WherePredicate> =
        whole.filter(|predicate| about_kept(&predicate.to_token_stream())).collect();
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates.into_iter().cloned());
    }
    generics
}

/// The parameters without bounds and defaults that are not `allowed`. Defaults stand last: one that
/// goes takes those before it along.
fn trimmed(
    kept: &[GenericParam],
    allowed: &dyn Fn(&TokenStream) -> bool,
) -> Punctuated<GenericParam, Token![,]> {
    let mut defaults = true;
    let mut params: Vec<GenericParam> = Vec::new();
    for param in kept.iter().rev() {
        let mut param = param.clone();
        match &mut param {
            GenericParam::Type(param) => {
                let bounds = std::mem::take(&mut param.bounds);
                param.bounds =
                    bounds.into_iter().filter(|bound| allowed(&bound.to_token_stream())).collect();
                let default = param.default.as_ref().map(|(_, default)| default.to_token_stream());
                defaults &= default.is_some_and(|default| allowed(&default));
                param.default = param.default.take().filter(|_| defaults);
            }
            GenericParam::Const(param) => {
                let default = param.default.as_ref().map(|(_, default)| default.to_token_stream());
                defaults &= default.is_some_and(|default| allowed(&default));
                param.default = param.default.take().filter(|_| defaults);
            }
            GenericParam::Lifetime(_) => {}
        }
        params.push(param);
    }
    params.into_iter().rev().collect()
}

/// The parameters by name: `K, V, N`.
pub(crate) fn names(generics: &Generics) -> Vec<&Ident> {
    generics.params.iter().filter_map(name).collect()
}

/// `Name<K, V>`, or the bare name.
pub(crate) fn applied(name: &Ident, generics: &Generics) -> TokenStream {
    let names = names(generics);
    if names.is_empty() {
        quote!(#name)
    } else {
        quote_spanned!(Span::mixed_site()=> #name<#(#names),*>)
    }
}

/// The parameters as an item declares them, defaults included: `<K: Key, V = u8>`.
pub(crate) fn declared(generics: &Generics) -> TokenStream {
    let params = &generics.params;
    if params.is_empty() {
        TokenStream::new()
    } else {
        quote_spanned!(Span::mixed_site()=> <#params>)
    }
}

/// Whether `name` is named in `tokens`; a path's later segments (`other::K`) do not count.
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    let mut colons = 0;
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) if ident == *name && colons < 2 => return true,
            TokenTree::Group(group) if mentions(&group.stream(), name) => return true,
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                colons += 1;
                continue;
            }
            _ => {}
        }
        colons = 0;
    }
    false
}

/// `tokens` with the actor's type in the place of `Self`.
pub(crate) fn without_self(tokens: TokenStream, actor: &TokenStream) -> TokenStream {
    let mut replaced = TokenStream::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => replaced.extend(actor.clone()),
            TokenTree::Group(group) => {
                let inside = without_self(group.stream(), actor);
                let mut outside = Group::new(group.delimiter(), inside);
                outside.set_span(group.span());
                replaced.extend([TokenTree::Group(outside)]);
            }
            other => replaced.extend([other]),
        }
    }
    replaced
}

/// Generics with the actor's type in the place of `Self`.
pub(crate) fn generics_without_self(generics: &Generics, actor: &TokenStream) -> Generics {
    let mut clean = generics.clone();
    let params = without_self(generics.params.to_token_stream(), actor);
    let parse = Punctuated::<GenericParam, Token![,]>::parse_terminated;
    if let Ok(params) = syn::parse::Parser::parse2(parse, params) {
        clean.params = params;
    }
    clean.where_clause = generics
        .where_clause
        .as_ref()
        .and_then(|clause| syn::parse2(without_self(clause.to_token_stream(), actor)).ok());
    clean
}

/// Refuses lifetime parameters: what runs on another thread, at another time, owns what it holds.
pub(crate) fn refuse_lifetimes(what: &str, generics: &Generics, mistakes: &mut Mistakes) -> bool {
    for param in generics.lifetimes() {
        let text = format!(
            "{what} lives on its own and cannot borrow: own the data, or share it in an `Arc`"
        );
        mistakes.at(param, text);
    }
    generics.lifetimes().next().is_some()
}

/// Refuses a type parameter without any bound, and goes on as if it had the one that every parameter of
/// an actor needs.
pub(crate) fn refuse_unbound(generics: &mut Generics, mistakes: &mut Mistakes) {
    let clause = generics.where_clause.to_token_stream();
    for param in generics.type_params_mut() {
        if param.bounds.is_empty() && !mentions(&clause, &param.ident) {
            let text = "an actor lives on its own, on any thread: write";
            mistakes.at(&param.ident, format!("{text} `{}: Send + 'static`", param.ident));
            travels(param);
        }
    }
}

/// Adds `Send + 'static`.
pub(crate) fn travels(param: &mut TypeParam) {
    param.bounds.push(parse_quote_spanned!(Span::mixed_site()=> ::core::marker::Send));
    param.bounds.push(parse_quote_spanned!(Span::mixed_site()=> 'static));
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[track_caller]
    fn carries(all: &Generics, tokens: &str, expected: &str) {
        let carried = carried(all, &tokens.parse().unwrap());
        let clause = &carried.where_clause;
        let declared = declared(&carried);
        assert_eq!(quote!(#declared #clause).to_string(), expected);
    }

    #[test]
    fn only_what_is_named_is_carried_with_the_bounds_about_it() {
        let mut all: Generics = parse_quote!(<K: Key + Into<V>, V: Value, const N: usize>);
        all.where_clause = Some(parse_quote!(where Vec<K>: Clone, Vec<V>: Into<K>, u8: Copy));
        carries(&all, "Option<K>", "< K : Key > where Vec < K > : Clone");
        carries(&all, "[u8; N]", "< const N : usize >");
        carries(&all, "other::K", "");
        carries(&all, "K::Item", "< K : Key > where Vec < K > : Clone");
    }

    #[test]
    fn a_default_that_cannot_stay_takes_those_before_it_along() {
        let all: Generics = parse_quote!(<K, A = u8, B = Vec<K>, C = u16>);
        carries(&all, "(A, B, C)", "< A , B , C = u16 >");
        carries(&all, "(A, C)", "< A = u8 , C = u16 >");
    }

    #[test]
    fn self_becomes_the_actor() {
        let replaced = without_self(quote!(ActorRef<Self>), &quote!(Map<K>));
        assert_eq!(crate::keys::shown(replaced), "ActorRef<Map<K>>");
    }
}

//! `#[derive(Message)]`: the reply, and how the payload is stored.
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{DeriveInput, Generics, Ident, Meta, Type};

use crate::actor::options::{PRIORITY, chosen, once_each};
use crate::generics::{applied, refuse_lifetimes, travels};
use crate::keys::{self, Key};
use crate::mistakes::{Mistakes, unknown};

const FIXED_NAME: &str = "a fixed `id` or `version` of a message is";
const KEYS: &[&str] = &["reply", "inline", "boxed", "priority", "id", "version"];

/// A message type and what its attributes say.
#[derive(Default)]
struct Said {
    reply: Option<Type>,
    inline: bool,
    boxed: bool,
    priority: Option<&'static str>,
}

/// The implementation of `Message`, and the mistakes.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let code = expand_with(item, &mut mistakes);
    let mistakes = mistakes.into_compile_errors();
    quote_spanned!(Span::mixed_site()=> #code #mistakes)
}

fn expand_with(item: TokenStream, mistakes: &mut Mistakes) -> TokenStream {
    match syn::parse2::<DeriveInput>(item) {
        Ok(item) => {
            let said = check(&parse(&item, mistakes), mistakes);
            let borrows = refuse_lifetimes("a message", &item.generics, mistakes);
            if borrows { TokenStream::new() } else { implementation(&item, &said) }
        }
        Err(error) => {
            mistakes.push(error);
            TokenStream::new()
        }
    }
}

/// The keys of all `#[message(..)]`.
fn parse(item: &DeriveInput, mistakes: &mut Mistakes) -> Vec<Key> {
    let mut all = Vec::new();
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("message")) {
        match &attribute.meta {
            Meta::List(list) => {
                all.extend(keys::parse_all(list.tokens.clone(), mistakes));
            }
            other => mistakes.at(
                other,
                "write `#[message(reply = u64)]`, or nothing for a message without reply",
            ),
        }
    }
    all
}

fn check(keys: &[Key], mistakes: &mut Mistakes) -> Said {
    let mut said = Said::default();
    once_each(keys, mistakes);
    for key in keys {
        match key.name.to_string().as_str() {
            "reply" => said.reply = key.syntax("a type", mistakes),
            "inline" => said.inline = key.flag(mistakes),
            "boxed" => said.boxed = key.flag(mistakes),
            "priority" => {
                said.priority = chosen(key, PRIORITY, mistakes);
            }
            "id" => {
                key.text("a name like \"bank.deposit\"", name, mistakes);
                mistakes.later(FIXED_NAME, &key.name);
            }
            "version" => {
                key.number(0..=u32::MAX, mistakes);
                mistakes.later(FIXED_NAME, &key.name);
            }
            other => mistakes.at(&key.name, unknown("key", other, KEYS)),
        }
    }
    if let Some(boxed) = keys.iter().find(|key| said.inline && key.name == "boxed") {
        mistakes.at(&boxed.name, "a message is `inline` or `boxed`, not both");
        said.boxed = false;
    }
    said
}

/// A fixed name of a message.
fn name(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("a message's `id` cannot be empty".to_owned()) } else { Ok(()) }
}

fn implementation(item: &DeriveInput, said: &Said) -> TokenStream {
    let site = Span::mixed_site();
    let generics = with_bounds(&item.generics);
    let ty = applied(&item.ident, &generics);
    let (declared, _, clause) = generics.split_for_impl();
    let reply = match &said.reply {
        Some(reply) => reply.to_token_stream(),
        None => quote_spanned!(site=> ()),
    };
    let name = item.ident.to_string();
    let inline = said.inline.then(|| {
        quote_spanned! {site=>
            const INLINE: ::core::option::Option<&'static ::core::primitive::str> =
                ::core::option::Option::Some(#name);
        }
    });
    let boxed =
        said.boxed.then(|| quote_spanned!(site=> const BOXED: ::core::primitive::bool = true;));
    let priority = said.priority.map(|priority| {
        let priority = Ident::new(priority, site);
        quote_spanned!(site=> const PRIORITY: ::zactor::Priority = ::zactor::Priority::#priority;)
    });
    let fits = (said.inline && item.generics.params.is_empty()).then(|| fits(&item.ident));
    quote_spanned! {site=>
        impl #declared ::zactor::Message for #ty #clause {
            type Reply = #reply;
            #inline
            #boxed
            #priority
        }
        #fits
    }
}

/// Fails to compile, at the type's name, if the payload is too large. (The size of a generic message is known
/// only where it is packed: zactor looks at `INLINE` there.)
fn fits(message: &Ident) -> TokenStream {
    let site = Span::mixed_site().located_at(message.span());
    let name = message.to_string();
    quote_spanned!(site=> const _: () = ::zactor::__private::assert_inline::<#message>(#name);)
}

/// Every type parameter can travel: `Send + 'static`.
fn with_bounds(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    generics.type_params_mut().for_each(travels);
    generics
}

#[cfg(test)]
mod tests;

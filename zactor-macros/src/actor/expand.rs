//! The code of an actor. Cannot fail.
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::check::Actor;
use crate::protocol;

pub(crate) fn expand(actor: &Actor) -> TokenStream {
    let protocol =
        if actor.listed { protocol::expand(&actor.protocol) } else { options_for_handlers(actor) };
    let traits = [
        ("Actor", true),
        ("Lifecycle", !actor.options.lifecycle),
        ("Supervisor", !actor.options.supervisor),
    ];
    let empty = traits.into_iter().filter(|&(_, generated)| generated);
    empty.map(|(name, _)| empty_impl(actor, name)).chain([protocol]).collect()
}

fn empty_impl(actor: &Actor, name: &str) -> TokenStream {
    let this = &actor.protocol.actor;
    let (declared, _, clause) = actor.protocol.generics.split_for_impl();
    let name = syn::Ident::new(name, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> impl #declared ::zactor::#name for #this #clause {})
}

/// The options, where `#[handlers]` finds them: it writes the protocol of an actor that lists no messages.
fn options_for_handlers(actor: &Actor) -> TokenStream {
    let (this, options) = (&actor.protocol.actor, &actor.protocol.options);
    let (declared, _, clause) = actor.protocol.generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        impl #declared #this #clause {
            #[doc(hidden)]
            pub const __ZACTOR_OPTIONS: ::zactor::__private::Options = #options;
        }
    }
}

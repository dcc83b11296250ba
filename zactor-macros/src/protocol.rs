//! The code behind a closed set of messages, the same for both forms: the enum, the tags, the dispatch.
//!
//! All of it is `match` and direct calls. Its own names resolve where the macro is called; its locals are
//! its own. No `unsafe` block: `take::<M>` asserts the tag, and inside its arm the check folds away.
//! `unsafe impl Accepts` carries the macro's span: with a user's span there no crate under
//! `#![forbid(unsafe_code)]` could use zactor.
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt as _;
use syn::{Generics, Ident};

use crate::generics::{applied, carried, declared};
use crate::keys::{made, shown};

/// A closed set of messages and the actor that accepts them.
pub(crate) struct Protocol {
    /// The actor's name.
    pub(crate) name: Ident,
    /// The actor's type.
    pub(crate) actor: TokenStream,
    /// The actor's parameters, with `Self` already replaced.
    pub(crate) generics: Generics,
    /// Who may see the enum.
    pub(crate) visibility: TokenStream,
    pub(crate) entries: Vec<Entry>,
    /// An expression of type `Options`.
    pub(crate) options: TokenStream,
}

/// One message.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// The message's type, with `Self` already replaced.
    pub(crate) message: TokenStream,
    /// Its name in the enum and in reports.
    pub(crate) variant: Ident,
    /// Where its mistakes are shown.
    pub(crate) span: Span,
    /// A type parameter is the message: no `From` for it can stand beside `From<T> for T`.
    pub(crate) is_parameter: bool,
    /// Its type is the user's, and may say a priority.
    pub(crate) is_written: bool,
}

/// How a message is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Async,
    Deferred,
}

pub(crate) fn expand(protocol: &Protocol) -> TokenStream {
    let named: TokenStream = protocol.entries.iter().map(|entry| entry.message.clone()).collect();
    let carried = carried(&protocol.generics, &named);
    let name = made(&format!("{}Message", protocol.name.unraw()), protocol.name.span());
    let messages = Enum { ty: applied(&name, &carried), name, generics: carried };
    let parts = [
        messages.item(protocol),
        messages.from(&protocol.entries),
        messages.debug(&protocol.entries),
        accepts(protocol),
        implementation(protocol, &messages),
    ];
    parts.into_iter().collect()
}

/// The enum of all messages.
struct Enum {
    name: Ident,
    generics: Generics,
    ty: TokenStream,
}

impl Enum {
    fn item(&self, protocol: &Protocol) -> TokenStream {
        let Enum { name, generics, .. } = self;
        let visibility = &protocol.visibility;
        let declared = declared(generics);
        let clause = &generics.where_clause;
        let variants = protocol.entries.iter().map(|Entry { variant, message, .. }| {
            let doc = format!(" A message of type `{}`.", shown(message));
            quote_spanned!(Span::mixed_site()=> #[doc = #doc] #variant(#message))
        });
        let doc =
            format!(" Any message of `{}`, for one that is chosen at run time.", protocol.name);
        // A public actor may accept messages that only its own crate can make.
        let allow = (!visibility.is_empty())
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(private_interfaces)]));
        quote_spanned! {Span::mixed_site()=>
            #[doc = #doc]
            #allow
            #visibility enum #name #declared #clause { #(#variants),* }
        }
    }

    fn from(&self, entries: &[Entry]) -> TokenStream {
        let Enum { ty, generics, .. } = self;
        let (declared, _, clause) = generics.split_for_impl();
        let each = entries.iter().filter(|entry| !entry.is_parameter);
        each.map(|Entry { variant, message, .. }| {
            quote_spanned! {Span::mixed_site()=>
                impl #declared ::core::convert::From<#message> for #ty #clause {
                    fn from(message: #message) -> Self { Self::#variant(message) }
                }
            }
        })
        .collect()
    }

    /// Shows a payload whose type is `Debug`, else the name: whichever method autoref finds first.
    fn debug(&self, entries: &[Entry]) -> TokenStream {
        let Enum { ty, generics, .. } = self;
        let (declared, _, clause) = generics.split_for_impl();
        let arms = entries.iter().map(|Entry { variant, .. }| {
            let name = variant.unraw().to_string();
            quote_spanned! {Span::mixed_site()=>
                Self::#variant(message) => (&::zactor::__private::Show(message)).show(#name, formatter)
            }
        });
        let body = if entries.is_empty() {
            quote_spanned!(Span::mixed_site()=> match *self {})
        } else {
            quote_spanned!(Span::mixed_site()=>
                use ::zactor::__private::{ViaDebug as _, ViaName as _};
                match self { #(#arms),* })
        };
        quote_spanned! {Span::mixed_site()=>
            impl #declared ::core::fmt::Debug for #ty #clause {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #body
                }
            }
        }
    }
}

/// One tag a message, dense from 0, and the hidden second `Accepts` that keeps rustc from inferring the
/// message of an actor with only one.
fn accepts(protocol: &Protocol) -> TokenStream {
    let Protocol { actor, generics, entries, .. } = protocol;
    let (declared, _, clause) = generics.split_for_impl();
    let site = Span::mixed_site();
    let implementation = |accepts: TokenStream, tag: TokenStream| {
        // SAFETY of what is written: `TAG` is the place of the message in the list, and `dispatch` takes that very type out
        // under it (`dispatch` below); both come from the same entries.
        quote_spanned! {site=>
            unsafe impl #declared #accepts for #actor #clause {
                const TAG: ::core::primitive::u32 = #tag;
            }
        }
    };
    let tagged = (0_u32..).zip(entries).map(|(tag, entry)| {
        let message = &entry.message;
        let accepts = quote_spanned!(entry.located()=> ::zactor::Accepts<#message>);
        implementation(accepts, quote_spanned!(site=> #tag))
    });
    let hidden = quote_spanned!(site=> ::zactor::Accepts<::zactor::__private::Never<#actor>>);
    let hidden = implementation(hidden, quote_spanned!(site=> ::core::primitive::u32::MAX));
    // rustc lists what an actor accepts when it gets something else; the hidden one is not for users.
    let hidden = quote_spanned!(site=> #[diagnostic::do_not_recommend] #hidden);
    tagged.chain([hidden]).collect()
}

/// `impl Protocol`: the dispatch, its counterpart for messages that no handler will see, the names.
fn implementation(protocol: &Protocol, messages: &Enum) -> TokenStream {
    let Protocol { actor, generics, entries, options, .. } = protocol;
    let (declared, _, clause) = generics.split_for_impl();
    let ty = &messages.ty;
    let names = entries.iter().map(|entry| entry.variant.unraw().to_string());
    let arms = (0_u32..).zip(entries).map(|(tag, entry)| entry.handle(tag));
    let discards = (0_u32..).zip(entries).map(|(tag, entry)| entry.discard(tag));
    let sends = entries.iter().map(|entry| entry.send(&messages.name));
    let lanes = entries.iter().filter(|entry| entry.is_written).map(Entry::has_priority);
    quote_spanned! {Span::mixed_site()=>
        impl #declared ::zactor::__private::Protocol for #actor #clause {
            type Message = #ty;
            const NAMES: &'static [&'static ::core::primitive::str] = &[#(#names),*];
            const OPTIONS: ::zactor::__private::Options = #options;
            const LANES: ::core::primitive::bool = false #(#lanes)*;
            fn dispatch(
                &mut self,
                delivery: ::zactor::__private::Delivery<'_, Self>,
                ctx: &mut ::zactor::Context<Self>,
            ) {
                match delivery.tag() { #(#arms)* _ => delivery.unknown(), }
            }
            fn discard(undelivered: ::zactor::__private::Undelivered<'_, Self>) {
                match undelivered.tag() { #(#discards)* _ => undelivered.unknown(), }
            }
            fn send_any(
                to: &::zactor::ActorRef<Self>,
                message: #ty,
            ) -> ::core::result::Result<(), ::zactor::SendError<#ty>> {
                match message { #(#sends)* }
            }
        }
    }
}

impl Entry {
    /// Names as the macro's own, located at the entry: what is missing for the message is reported there.
    fn located(&self) -> Span {
        Span::mixed_site().located_at(self.span)
    }

    /// The arm of the dispatch.
    fn handle(&self, tag: u32) -> TokenStream {
        let Entry { kind, message, .. } = self;
        match kind {
            Kind::Plain => quote_spanned! {self.located()=> #tag => {
                let message = delivery.take::<#message>();
                let reply = <Self as ::zactor::Handler<#message>>::handle(self, message, ctx);
                ::zactor::__private::reply::<Self, #message>(ctx, reply);
            }},
            Kind::Async => quote_spanned! {self.located()=> #tag => {
                let message = delivery.take::<#message>();
                ::zactor::__private::run_async::<Self, #message>(self, message, ctx);
            }},
            Kind::Deferred => quote_spanned! {self.located()=> #tag => {
                let message = delivery.take::<#message>();
                let reply = ::zactor::__private::reply_to::<Self, #message>(ctx);
                <Self as ::zactor::DeferredHandler<#message>>::handle(self, message, reply, ctx);
            }},
        }
    }

    /// Its part of the question whether the mailbox has lanes.
    fn has_priority(&self) -> TokenStream {
        let message = &self.message;
        quote_spanned!(self.located()=> || <#message as ::zactor::Message>::HAS_PRIORITY)
    }

    /// The arm of `discard`.
    fn discard(&self, tag: u32) -> TokenStream {
        let message = &self.message;
        quote_spanned!(self.located()=> #tag => undelivered.discard::<#message>(),)
    }

    /// The arm of `send_any`.
    fn send(&self, messages: &Ident) -> TokenStream {
        let Entry { variant, message, .. } = self;
        quote_spanned! {self.located()=>
            #messages::#variant(message) => ::zactor::ActorRef::<Self>::tell::<#message>(to, message)
                .map_err(|error| error.map(#messages::#variant)),
        }
    }
}

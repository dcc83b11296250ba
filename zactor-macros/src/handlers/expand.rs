//! The code of a block. Cannot fail.
//!
//! The methods themselves stay as the user wrote them; handlers call them.
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;

use super::arguments::Argument;
use super::check::{Block, Method};
use crate::generics::{applied, declared, mentions, names};
use crate::keys::made;
use crate::protocol::{self, Entry, Kind, Protocol};

pub(crate) fn expand(block: &Block) -> TokenStream {
    let messages = block.methods.iter().map(message);
    let handlers = block.methods.iter().map(|method| handler(method, block));
    let rest = [api(block), protocol::expand(&protocol(block))];
    messages.chain(handlers).chain(rest).collect()
}

/// What the user keeps private may appear in the generated items: their visibility is not known here.
fn allow() -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #[allow(private_interfaces, private_bounds)])
}

impl Method {
    /// The message's type.
    fn ty(&self) -> TokenStream {
        applied(&self.message, &self.generics)
    }

    fn reply_type(&self) -> TokenStream {
        self.reply.clone().unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> ()))
    }

    fn fields(&self) -> impl Iterator<Item = (&Ident, &TokenStream)> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Field { name, ty } => Some((name, ty)),
            _ => None,
        })
    }

    /// The field that keeps a parameter which only the reply mentions: its type and a value for it.
    fn phantom(&self) -> Option<(TokenStream, TokenStream)> {
        let fields: TokenStream = self.fields().map(|(_, ty)| quote!(#ty,)).collect();
        let unused = self.generics.type_params().any(|param| !mentions(&fields, &param.ident));
        let reply = self.reply_type();
        unused.then(|| {
            let site = Span::mixed_site();
            (
                quote_spanned!(site=> #[doc(hidden)] pub __reply: ::core::marker::PhantomData<fn() -> #reply>),
                quote_spanned!(site=> __reply: ::core::marker::PhantomData),
            )
        })
    }

    /// The arguments as the sending method takes them.
    fn parameters(&self) -> TokenStream {
        self.fields().map(|(name, ty)| quote_spanned!(Span::mixed_site()=> , #name: #ty)).collect()
    }

    /// The message, made from the arguments.
    fn value(&self) -> TokenStream {
        let message = &self.message;
        let names = self.fields().map(|(name, _)| name);
        let phantom = self.phantom().map(|(_, value)| value);
        quote_spanned!(Span::mixed_site()=> #message { #(#names,)* #phantom })
    }
}

/// The struct and what is replied to it.
fn message(method: &Method) -> TokenStream {
    let Method { message, generics, name, docs, .. } = method;
    let allow = allow();
    let ty = method.ty();
    let reply = method.reply_type();
    let with_defaults = declared(generics);
    let (declared, _, clause) = generics.split_for_impl();
    let doc = format!(" The message of `{}`.", name.unraw());
    let fields = method.fields().map(|(name, ty)| {
        let doc = format!(" The argument `{}`.", name.unraw());
        quote_spanned!(Span::mixed_site()=> #[doc = #doc] pub #name: #ty)
    });
    let fields: Vec<TokenStream> = fields.chain(method.phantom().map(|(field, _)| field)).collect();
    let body = if fields.is_empty() {
        quote_spanned!(Span::mixed_site()=> #clause;)
    } else {
        quote_spanned!(Span::mixed_site()=> #clause { #(#fields),* })
    };
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #[doc = ""]
        #(#docs)*
        #allow
        pub struct #message #with_defaults #body
        impl #declared ::zactor::Message for #ty #clause { type Reply = #reply; }
    }
}

/// The handler, which calls the method.
fn handler(method: &Method, block: &Block) -> TokenStream {
    let site = Span::mixed_site();
    let (actor, name, ty) = (&block.actor, &method.name, method.ty());
    let (declared, _, clause) = block.generics.split_for_impl();
    let arguments = method.arguments.iter().map(|argument| match argument {
        Argument::Field { name, .. } => quote_spanned!(site=> message.#name),
        Argument::Context => quote_spanned!(site=> ctx),
        Argument::Token { .. } => quote_spanned!(site=> reply),
    });
    let reply = method.reply_type();
    let (handler, token, output) = match method.kind {
        Kind::Plain => ("Handler", None, reply),
        Kind::Async => {
            let future = quote_spanned! {site=>
                impl ::core::future::Future<Output = #reply> + ::core::marker::Send
            };
            ("AsyncHandler", None, future)
        }
        Kind::Deferred => {
            let token = quote_spanned!(site=> reply: ::zactor::ReplyTo<#reply>,);
            ("DeferredHandler", Some(token), quote_spanned!(site=> ()))
        }
    };
    let handler = Ident::new(handler, site);
    quote_spanned! {site=>
        impl #declared ::zactor::#handler<#ty> for #actor #clause {
            fn handle(&mut self, message: #ty, #token ctx: &mut ::zactor::Context<Self>) -> #output {
                Self::#name(self #(, #arguments)*)
            }
        }
    }
}

/// The extension trait with the sending methods, for `ActorRef` of this actor.
fn api(block: &Block) -> TokenStream {
    if block.methods.is_empty() {
        return TokenStream::new();
    }
    let site = Span::mixed_site();
    let name = made(&format!("{}Api", block.name.unraw()), block.name.span());
    let (allow, actor) = (allow(), &block.actor);
    let declared = &block.generics.params;
    let (implemented, _, clause) = block.generics.split_for_impl();
    let applied = names(&block.generics);
    let signatures: Vec<TokenStream> = block.methods.iter().map(signature).collect();
    let declarations = block.methods.iter().zip(&signatures).map(|(method, signature)| {
        let docs = &method.docs;
        let doc = match (docs.is_empty(), &method.reply) {
            (false, _) => None,
            (true, None) => Some(" Tells the actor, without waiting for its handler."),
            (true, Some(_)) => Some(" Asks the actor for a reply."),
        };
        let doc = doc.map(|doc| quote_spanned!(site=> #[doc = #doc]));
        quote_spanned!(site=> #doc #(#docs)* #signature;)
    });
    let bodies = block.methods.iter().zip(&signatures).map(|(method, signature)| {
        let (verb, value) = (verb(method), method.value());
        quote_spanned!(site=> #signature { ::zactor::ActorRef::#verb(self, #value) })
    });
    let doc = format!(" Sends to `{}`: a method for each of its handlers.", block.name);
    quote_spanned! {site=>
        #[doc = #doc]
        #allow
        pub trait #name<#declared> #clause { #(#declarations)* }
        impl #implemented #name<#(#applied),*> for ::zactor::ActorRef<#actor> #clause { #(#bodies)* }
    }
}

/// A method without reply tells, one with a reply asks.
fn verb(method: &Method) -> Ident {
    Ident::new(if method.reply.is_some() { "ask" } else { "tell" }, Span::mixed_site())
}

fn signature(method: &Method) -> TokenStream {
    let site = Span::mixed_site();
    let (name, parameters) = (&method.name, method.parameters());
    let output = match &method.reply {
        Some(reply) => quote_spanned!(site=> ::zactor::Reply<#reply>),
        None => {
            let ty = method.ty();
            quote_spanned!(site=> ::core::result::Result<(), ::zactor::SendError<#ty>>)
        }
    };
    quote_spanned!(site=> fn #name(&self #parameters) -> #output)
}

fn protocol(block: &Block) -> Protocol {
    let site = Span::mixed_site();
    let entries = block.methods.iter().map(|method| Entry {
        kind: method.kind,
        message: method.ty(),
        variant: method.variant.clone(),
        span: method.name.span(),
        is_parameter: false,
        is_written: false,
    });
    Protocol {
        name: block.name.clone(),
        actor: block.actor.clone(),
        generics: block.generics.clone(),
        visibility: quote_spanned!(site=> pub),
        entries: entries.collect(),
        options: options(),
    }
}

/// What `#[actor]` left on the struct. Without it the options are empty, and the only complaint is that
/// the type is not an actor.
fn options() -> TokenStream {
    quote_spanned! {Span::mixed_site()=> {
        trait NoActor {
            const __ZACTOR_OPTIONS: ::zactor::__private::Options = ::zactor::__private::Options::new();
        }
        impl<T> NoActor for T {}
        <Self>::__ZACTOR_OPTIONS
    }}
    .to_token_stream()
}

//! What the user wrote, with its spans.
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Generics, Ident, Item, Lit, Token, Type, Visibility};

use super::options::{FLAGS, KEYS};
use crate::keys::{self, Key};
use crate::mistakes::{Mistakes, closest, unknown};
use crate::protocol::Kind;

/// An attribute and the struct under it.
pub(crate) struct Written {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) visibility: Visibility,
    pub(crate) messages: Vec<Message>,
    pub(crate) options: Vec<Key>,
}

/// An entry of the list: `async Load`, `other::Put<u8> as OtherPut`.
pub(crate) struct Message {
    pub(crate) kind: Kind,
    /// The word before the type, if there is one.
    pub(crate) keyword: TokenStream,
    pub(crate) ty: Type,
    pub(crate) rename: Option<Ident>,
}

impl ToTokens for Message {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.ty.to_tokens(tokens);
        self.rename.to_tokens(tokens);
    }
}

/// `None` if the attribute does not stand on a struct.
pub(crate) fn parse(
    arguments: TokenStream,
    item: TokenStream,
    mistakes: &mut Mistakes,
) -> Option<Written> {
    let item = match syn::parse2::<Item>(item) {
        Ok(item) => item,
        Err(error) => {
            mistakes.push(error);
            return None;
        }
    };
    let item = match item {
        Item::Struct(item) => item,
        other => {
            refuse_item(&other, mistakes);
            return None;
        }
    };
    if let Some(second) = item.attrs.iter().find(|attribute| is_actor(attribute)) {
        // The second one finds none after it, and is expanded.
        mistakes.at(second, "a second `#[actor]`: write all messages and options into one");
        return None;
    }
    let (messages, options) = keys::read_all(arguments, |input| list(input, mistakes));
    Some(Written {
        name: item.ident,
        generics: item.generics,
        visibility: item.vis,
        messages,
        options,
    })
}

fn is_actor(attribute: &syn::Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "actor")
}

fn refuse_item(item: &Item, mistakes: &mut Mistakes) {
    match item {
        Item::Enum(item) => mistakes.at(
            item.enum_token,
            format!(
                "an actor is a struct: put the enum into one, `struct Actor {{ state: {} }}`",
                item.ident
            ),
        ),
        Item::Union(item) => {
            mistakes.at(item.union_token, "an actor is a struct: put the union into one");
        }
        Item::Impl(item) => mistakes
            .at(item.impl_token, "`#[actor]` stands on the struct; its methods get `#[handlers]`"),
        other => mistakes.at(other, "`#[actor]` stands on a struct"),
    }
}

/// Messages, then options.
fn list(input: ParseStream<'_>, mistakes: &mut Mistakes) -> (Vec<Message>, Vec<Key>) {
    let mut messages = Vec::new();
    let mut options = Vec::new();
    keys::separated(input, mistakes, |input, mistakes| {
        if is_option(input) {
            options.push(Key::parse(input)?);
            return Ok(());
        }
        let message = message(input)?;
        if !options.is_empty() {
            mistakes.at(&message, "messages stand before the options: move it to the front");
        }
        if !is_misspelt_flag(&message, mistakes) {
            messages.push(message);
        }
        Ok(())
    });
    (messages, options)
}

/// Whether an option comes next, known or not.
fn is_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(word) = ahead.parse::<Ident>() else { return false };
    let ends = ahead.is_empty() || ahead.peek(Token![,]);
    ahead.peek(Token![=])
        || ahead.peek(syn::token::Paren)
        || ends && KEYS.iter().any(|key| word == key)
}

/// A lower-case word alone that is almost a flag is no message.
fn is_misspelt_flag(message: &Message, mistakes: &mut Mistakes) -> bool {
    let bare = message.keyword.is_empty() && message.rename.is_none();
    let Some(word) = ident(&message.ty).map(ToString::to_string).filter(|_| bare) else {
        return false;
    };
    let misspelt = word.starts_with(char::is_lowercase) && closest(&word, FLAGS).is_some();
    if misspelt {
        mistakes.at(&message.ty, unknown("key", &word, KEYS));
    }
    misspelt
}

/// The type's name if it is nothing but a name.
pub(crate) fn ident(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        Type::Group(group) => ident(&group.elem),
        Type::Paren(paren) => ident(&paren.elem),
        _ => None,
    }
}

fn message(input: ParseStream<'_>) -> syn::Result<Message> {
    let (kind, keyword) = keyword(input)?;
    if input.is_empty() || input.peek(Token![,]) || input.peek(Lit) {
        return Err(
            input.error("expected a message, as in `Deposit`, or an option, as in `batch = 64`")
        );
    }
    let ty = input.parse::<Type>()?;
    let rename = match input.parse::<Option<Token![as]>>()? {
        Some(_) if !input.peek(Ident) => {
            return Err(input.error("expected a name for the variant, as in `Put as OtherPut`"));
        }
        Some(_) => Some(input.parse::<Ident>()?),
        None => None,
    };
    Ok(Message { kind, keyword, ty, rename })
}

fn keyword(input: ParseStream<'_>) -> syn::Result<(Kind, TokenStream)> {
    if input.peek(Token![async]) {
        return Ok((Kind::Async, input.parse::<Token![async]>()?.into_token_stream()));
    }
    let ahead = input.fork();
    let deferred = ahead.parse::<Ident>().is_ok_and(|word| word == "deferred");
    let type_follows = ahead.peek(Ident::peek_any) && !ahead.peek(Token![as])
        || ahead.cursor().group(proc_macro2::Delimiter::None).is_some();
    if deferred && type_follows {
        return Ok((Kind::Deferred, input.parse::<Ident>()?.into_token_stream()));
    }
    Ok((Kind::Plain, TokenStream::new()))
}

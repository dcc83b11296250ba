//! The block and its methods, as they were written.
use proc_macro2::TokenStream;
use syn::{Generics, Ident, ImplItem, ImplItemFn, Item, Type};

use crate::mistakes::Mistakes;

/// `impl<..> Name<..> { methods }`
pub(crate) struct Written {
    pub(crate) name: Ident,
    pub(crate) actor: Type,
    pub(crate) generics: Generics,
    pub(crate) methods: Vec<ImplItemFn>,
}

/// `None` if the attribute does not stand on an inherent `impl` of a named type.
pub(crate) fn parse(
    arguments: TokenStream,
    item: TokenStream,
    mistakes: &mut Mistakes,
) -> Option<Written> {
    if !arguments.is_empty() {
        mistakes.at(
            arguments,
            "`#[handlers]` takes nothing: options stand in `#[actor(..)]` on the struct",
        );
    }
    let block = match syn::parse2::<Item>(item) {
        Ok(Item::Impl(block)) => block,
        Ok(Item::Struct(item)) => {
            let text = "`#[handlers]` stands on an `impl`; the struct gets `#[actor]`";
            mistakes.at(item.struct_token, text);
            return None;
        }
        Ok(other) => {
            mistakes.at(other, "`#[handlers]` stands on an `impl` of the actor");
            return None;
        }
        Err(error) => {
            mistakes.push(error);
            return None;
        }
    };
    if let Some((trait_, _)) = &block.trait_ {
        let text = "`#[handlers]` stands on the actor's own `impl`, not on that of a trait";
        mistakes.at(trait_, text);
        return None;
    }
    let Some(name) = name(&block.self_ty) else {
        mistakes.at(&block.self_ty, "an actor is a struct with a name");
        return None;
    };
    Some(Written {
        name,
        methods: methods(block.items, mistakes),
        generics: block.generics,
        actor: *block.self_ty,
    })
}

/// The last segment of the actor's path.
fn name(actor: &Type) -> Option<Ident> {
    match actor {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        _ => None,
    }
}

/// The methods; constants and the like stay in the block and mean no message.
fn methods(items: Vec<ImplItem>, mistakes: &mut Mistakes) -> Vec<ImplItemFn> {
    let mut methods = Vec::new();
    for item in items {
        match item {
            ImplItem::Fn(method) => methods.push(method),
            ImplItem::Macro(call) => {
                let text = "`#[handlers]` cannot see methods that a macro makes: write them out, or let the macro make the whole block";
                mistakes.at(call, text);
            }
            _ => {}
        }
    }
    methods
}

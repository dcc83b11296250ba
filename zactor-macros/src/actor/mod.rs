//! `#[actor(..)]`: what was written, what it means, the code for it.
mod parse;
pub(crate) mod options;
mod duration;
mod check;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::mistakes::Mistakes;

/// The struct, the code for all that could be understood, and the mistakes: the struct survives, or one
/// mistake shows as twenty.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let code = expand_with(arguments, item.clone(), &mut mistakes);
    let mistakes = mistakes.into_compile_errors();
    quote::quote!(#item #code #mistakes)
}

fn expand_with(arguments: TokenStream, item: TokenStream, mistakes: &mut Mistakes) -> TokenStream {
    let written = parse::parse(arguments, item, mistakes);
    let actor = written.and_then(|written| check::check(written, mistakes));
    actor.map(|actor| expand::expand(&actor)).unwrap_or_default()
}

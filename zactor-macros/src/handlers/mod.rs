//! `#[handlers]`: messages, protocol and sending methods from the methods of one block.
mod parse;
mod check;
mod arguments;
mod names;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::mistakes::Mistakes;

/// The block as it was written, the code for all methods that could be understood, and the mistakes.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let code = expand_with(arguments, item.clone(), &mut mistakes);
    let mistakes = mistakes.into_compile_errors();
    quote::quote!(#item #code #mistakes)
}

fn expand_with(arguments: TokenStream, item: TokenStream, mistakes: &mut Mistakes) -> TokenStream {
    let written = parse::parse(arguments, item, mistakes);
    let block = written.and_then(|written| check::check(written, mistakes));
    block.map(|block| expand::expand(&block)).unwrap_or_default()
}

//! `name`, `name = value`, `name(keys)`: the form of every option, and the values that options have.
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Ident, LitFloat, LitInt, Token};

use crate::mistakes::{Mistakes, listed, unknown};

/// One option as it was written.
pub(crate) struct Key {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What stands behind the name of an option.
pub(crate) enum Value {
    None,
    Is(TokenStream),
    List(TokenStream),
}

/// The value of a key that takes a number or one word.
pub(crate) enum NumberOr {
    Number(u32),
    Word,
}

impl ToTokens for Key {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.value {
            Value::None => {}
            Value::Is(value) | Value::List(value) => value.to_tokens(tokens),
        }
    }
}

impl Key {
    /// Reads one key, up to the comma behind it.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Is(up_to_comma(input))
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            Value::List(content.parse()?)
        } else {
            Value::None
        };
        Ok(Key { name, value })
    }

    /// The value of `name = value`; anything else is a mistake that says what to write.
    fn value(&self, takes: &str, mistakes: &mut Mistakes) -> Option<&TokenStream> {
        match &self.value {
            Value::Is(value) if !value.is_empty() => Some(value),
            _ => {
                mistakes.at(self, format!("`{}` takes {takes}: `{0} = ..`", self.name));
                None
            }
        }
    }

    /// A whole number of `allowed`.
    pub(crate) fn number(
        &self,
        allowed: RangeInclusive<u32>,
        mistakes: &mut Mistakes,
    ) -> Option<u32> {
        let range = range(&allowed);
        let value = self.value(&format!("a whole number {range}"), mistakes)?;
        let number = number(value).filter(|number| allowed.contains(number));
        if number.is_none() {
            let text = "allowed are whole numbers";
            mistakes.at(value, format!("`{}` is {}, {text} {range}", self.name, shown(value)));
        }
        number
    }

    /// A whole number of `allowed`, or `word`.
    pub(crate) fn number_or(
        &self,
        word: &str,
        allowed: RangeInclusive<u32>,
        mistakes: &mut Mistakes,
    ) -> Option<NumberOr> {
        let text = format!("whole numbers {} and `{word}`", range(&allowed));
        let value = self.value(&text, mistakes)?;
        if syn::parse2::<Ident>(value.clone()).is_ok_and(|said| said == word) {
            return Some(NumberOr::Word);
        }
        let number = number(value).filter(|number| allowed.contains(number));
        if number.is_none() {
            mistakes.at(value, format!("`{}` is {}, allowed are {text}", self.name, shown(value)));
        }
        number.map(NumberOr::Number)
    }

    /// A share between 0 and 1.
    pub(crate) fn share(&self, mistakes: &mut Mistakes) -> Option<f64> {
        let value = self.value("a number from 0 to 1", mistakes)?;
        let float = syn::parse2::<LitFloat>(value.clone()).and_then(|n| n.base10_parse::<f64>());
        let share = float.or_else(|_| {
            syn::parse2::<LitInt>(value.clone()).and_then(|n| n.base10_parse::<u8>()).map(f64::from)
        });
        match share {
            Ok(share) if (0.0..=1.0).contains(&share) => return Some(share),
            _ => mistakes.at(
                value,
                format!("`{}` is {}, allowed are numbers from 0 to 1", self.name, shown(value)),
            ),
        }
        None
    }

    /// One word of `allowed`, as its index there.
    pub(crate) fn word(&self, allowed: &[&str], mistakes: &mut Mistakes) -> Option<usize> {
        let value = self.value(&format!("one of {}", listed(allowed)), mistakes)?;
        match syn::parse2::<Ident>(value.clone()) {
            Ok(word) => {
                let found = allowed.iter().position(|&allowed| word == allowed);
                if found.is_none() {
                    mistakes.at(&word, unknown(&self.name.to_string(), &word.to_string(), allowed));
                }
                found
            }
            Err(_) => {
                mistakes.at(value, format!("`{}` is one of {}", self.name, listed(allowed)));
                None
            }
        }
    }

    /// A text that `read` understands; what it says otherwise is shown at the text.
    pub(crate) fn text<T>(
        &self,
        takes: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        let value = self.value(takes, mistakes)?;
        let read = match syn::parse2::<syn::LitStr>(value.clone()) {
            Ok(text) => read(&text.value()),
            Err(_) => Err(format!("`{}` takes {takes}, in quotes", self.name)),
        };
        read.map_err(|text| mistakes.at(value, text)).ok()
    }

    /// Any piece of syntax.
    pub(crate) fn syntax<T: Parse>(&self, takes: &str, mistakes: &mut Mistakes) -> Option<T> {
        let value = self.value(takes, mistakes)?;
        let text = || format!("`{}` is {}, which is not {takes}", self.name, shown(value));
        syn::parse2(value.clone()).map_err(|_| mistakes.at(value, text())).ok()
    }

    /// A key that is its own statement.
    pub(crate) fn flag(&self, mistakes: &mut Mistakes) -> bool {
        match &self.value {
            Value::None => {}
            _ => mistakes.at(self, format!("`{}` takes no value: write it alone", self.name)),
        }
        true
    }

    /// What stands in the parentheses.
    pub(crate) fn list(&self, example: &str, mistakes: &mut Mistakes) -> Vec<Key> {
        match &self.value {
            Value::List(keys) if !keys.is_empty() => parse_all(keys.clone(), mistakes),
            _ => {
                mistakes.at(self, format!("`{}` takes a list: `{example}`", self.name));
                Vec::new()
            }
        }
    }
}

fn number(value: &TokenStream) -> Option<u32> {
    syn::parse2::<LitInt>(value.clone()).and_then(|number| number.base10_parse()).ok()
}

/// `from 1 to 65,536`
fn range(allowed: &RangeInclusive<u32>) -> String {
    format!("from {} to {}", grouped(*allowed.start()), grouped(*allowed.end()))
}

/// Reads the keys in `tokens`.
pub(crate) fn parse_all(tokens: TokenStream, mistakes: &mut Mistakes) -> Vec<Key> {
    let mut keys = Vec::new();
    read_all(tokens, |input| {
        separated(input, mistakes, |input, _| {
            keys.push(Key::parse(input)?);
            Ok(())
        });
    });
    keys
}

/// Reads parts that commas separate. A part with a mistake is skipped, the next is read.
pub(crate) fn separated(
    input: ParseStream<'_>,
    mistakes: &mut Mistakes,
    mut part: impl FnMut(ParseStream<'_>, &mut Mistakes) -> syn::Result<()>,
) {
    while !input.is_empty() {
        let read = part(input, mistakes).and_then(|()| {
            let end = input.is_empty() || input.peek(Token![,]);
            if end { Ok(()) } else { Err(input.error("expected `,`")) }
        });
        if let Err(error) = read {
            mistakes.push(error);
            up_to_comma(input);
        }
        // Cannot fail: the part ended at a comma or at the end.
        drop(input.parse::<Option<Token![,]>>());
    }
}

/// Runs `read` on all of `tokens`; it reports its mistakes itself.
pub(crate) fn read_all<T>(tokens: TokenStream, read: impl FnOnce(ParseStream<'_>) -> T) -> T
where
    T: Default,
{
    (|input: ParseStream<'_>| Ok(read(input))).parse2(tokens).unwrap_or_default()
}

/// Takes the tokens before the next comma that is not inside `<` and `>`.
pub(crate) fn up_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut taken = TokenStream::new();
    let mut depth = 0_usize;
    let mut arrow = false;
    while !(input.is_empty() || depth == 0 && input.peek(Token![,])) {
        let Ok(token) = input.parse::<TokenTree>() else { break };
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                '<' => depth += 1,
                '>' if !arrow => depth = depth.saturating_sub(1),
                _ => {}
            }
            arrow = punct.as_char() == '-' && punct.spacing() == Spacing::Joint;
        } else {
            arrow = false;
        }
        taken.extend([token]);
    }
    taken
}

/// The tokens without the invisible parentheses that `macro_rules!` puts around what it passes on.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    fn open(tokens: TokenStream, into: &mut TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    open(group.stream(), into);
                }
                other => into.extend([other]),
            }
        }
    }
    let mut opened = TokenStream::new();
    open(tokens.into_token_stream(), &mut opened);
    let mut text = opened.to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        (":: ", "::"),
        ("& ", "&"),
        ("- ", "-"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// An identifier made by the expansion: named here, found at the call site, located at `span`.
pub(crate) fn made(name: &str, span: Span) -> Ident {
    let span = Span::call_site().located_at(span);
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, span),
        None => Ident::new(name, span),
    }
}

/// `2000000` as `2,000,000`.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Code to compare: where spaces stand between tokens is no matter.
#[cfg(test)]
pub(crate) fn squeezed(code: impl ToString) -> String {
    code.to_string().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_the_comma_that_is_not_inside_a_type() {
        let tokens = "Result<A, fn(u8) -> B<C, D>>, inline".parse().unwrap();
        let value = (|input: ParseStream<'_>| {
            let value = up_to_comma(input);
            drop(input.parse::<TokenStream>());
            Ok(value)
        })
        .parse2(tokens)
        .unwrap();
        assert_eq!(shown(value), "Result<A, fn (u8) -> B<C, D>>");
    }

    #[test]
    fn numbers_are_shown_in_groups() {
        assert_eq!(grouped(1), "1");
        assert_eq!(grouped(65_536), "65,536");
        assert_eq!(grouped(2_000_000), "2,000,000");
    }
}

//! What is known of a field. Each stands once, in `settings!`, with its text, default, unit and what is allowed: the
//! structs, their defaults, the checks, the reading of files and variables, and the tables of `docs/configuration.md`
//! come from there.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::value::Value;
use crate::error::ConfigError;
use crate::mailbox::Overflow;

/// A type that a field can have.
pub(super) trait Setting: PartialEq + Sized {
    /// How its values are written in a file, where that is no matter of course.
    const HOW: &str = "";
    /// As it is shown to the user.
    fn written(&self) -> String;
    /// `None`: that is no value of this type.
    fn read(value: &Value<'_>) -> Option<Self>;
    /// What `read` makes the same of.
    fn value(&self) -> Value<'static>;
}

/// What a field may be.
pub(super) trait Allowed<T> {
    fn holds(&self, value: &T) -> bool;
    fn written(&self) -> String;
}

impl<T: Setting + PartialOrd> Allowed<T> for RangeInclusive<T> {
    fn holds(&self, value: &T) -> bool {
        self.contains(value)
    }

    fn written(&self) -> String {
        format!("{}..={}", self.start().written(), self.end().written())
    }
}

impl<T: Setting, const N: usize> Allowed<T> for [T; N] {
    fn holds(&self, value: &T) -> bool {
        self.contains(value)
    }

    fn written(&self) -> String {
        self.each_ref().map(T::written).join(", ")
    }
}

macro_rules! whole_numbers { ($($kind:ty),*) => { $(
    impl Setting for $kind {
        fn written(&self) -> String {
            self.to_string()
        }

        fn read(value: &Value<'_>) -> Option<Self> {
            value.number()?.try_into().ok()
        }

        fn value(&self) -> Value<'static> {
            Value::Number(i128::try_from(*self).unwrap_or(i128::MAX))
        }
    }
)* } }
whole_numbers!(u32, usize);

impl Setting for bool {
    fn written(&self) -> String {
        self.to_string()
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        value.switch()
    }

    fn value(&self) -> Value<'static> {
        Value::Switch(*self)
    }
}

impl Setting for Duration {
    const HOW: &str =
        " (written as \"250ms\": a whole number and ns, us, ms, s, min or h; \"max\" is no limit)";

    fn written(&self) -> String {
        if *self == Self::MAX { "Duration::MAX".to_string() } else { format!("{self:?}") }
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        value.text().and_then(super::value::time)
    }

    fn value(&self) -> Value<'static> {
        Value::Text(super::value::text_of_time(*self).into())
    }
}

const POLICIES: [(&str, Overflow); 4] = [
    ("fail", Overflow::Fail),
    ("block", Overflow::Block),
    ("drop_new", Overflow::DropNew),
    ("drop_old", Overflow::DropOld),
];

impl Setting for Overflow {
    fn written(&self) -> String {
        POLICIES.iter().find(|(_, policy)| policy == self).map_or("?", |(word, _)| word).to_string()
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        let text = value.text()?;
        POLICIES.iter().find(|(word, _)| *word == text).map(|(_, policy)| *policy)
    }

    fn value(&self) -> Value<'static> {
        Value::Text(self.written().into())
    }
}

/// One field of `C`. All but `check` is for files, and for the table of the documentation.
#[cfg_attr(
    not(all(test, feature = "config")),
    allow(dead_code, reason = "for the feature `config` and the documentation")
)]
pub(super) struct Field<C> {
    pub(super) name: &'static str,
    /// In the table of the documentation.
    pub(super) row: fn() -> String,
    pub(super) check: fn(&C) -> Result<(), ConfigError>,
    /// `Err`: what is allowed.
    pub(super) set: fn(&mut C, &Value<'_>) -> Result<(), String>,
    pub(super) get: fn(&C) -> Value<'static>,
}

/// A struct of fields.
#[cfg_attr(
    not(all(test, feature = "config")),
    allow(dead_code, reason = "for the feature `config` and the documentation")
)]
pub(super) trait Settings: Default + 'static {
    const FIELDS: &'static [Field<Self>];

    fn field(name: &str) -> Option<&'static Field<Self>> {
        Self::FIELDS.iter().find(|field| field.name == name)
    }

    /// For whom a field is not known.
    fn names() -> String {
        let names: Vec<_> = Self::FIELDS.iter().map(|field| format!("`{}`", field.name)).collect();
        names.join(", ")
    }
}

pub(super) fn check<T: Setting>(
    field: &'static str,
    value: &T,
    allowed: &impl Allowed<T>,
) -> Result<(), ConfigError> {
    if allowed.holds(value) {
        Ok(())
    } else {
        Err(ConfigError::invalid(field, value.written(), allowed.written()))
    }
}

/// `Err`: what is allowed.
pub(super) fn read<T: Setting>(value: &Value<'_>, allowed: &impl Allowed<T>) -> Result<T, String> {
    let read = T::read(value).filter(|read| allowed.holds(read));
    read.ok_or_else(|| format!("{}{}", allowed.written(), T::HOW))
}

/// The struct, its defaults, and its `FIELDS`: `/// text` and `name: type = default, unit, allowed;` for each field.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        struct $config:ident $({ $(#[doc = $part_doc:literal])+ $part:ident: $part_kind:ty })?
        $(
            $(#[doc = $doc:literal])+
            $name:ident: $kind:ty = $default:expr, $unit:literal, $allowed:expr;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $config {
            $($(#[doc = $part_doc])+ pub $part: $part_kind,)?
            $(
                $(#[doc = $doc])+
                #[doc = ""]
                #[doc = concat!(
                    "Unit: ", $unit, ". Default: `", stringify!($default),
                    "`. Allowed: `", stringify!($allowed), "`.",
                )]
                pub $name: $kind,
            )+
        }

        impl Default for $config {
            fn default() -> Self {
                Self { $($part: Default::default(),)? $($name: $default,)+ }
            }
        }

        impl Settings for $config {
            const FIELDS: &'static [Field<Self>] = &[$(Field {
                name: stringify!($name),
                row: || {
                    let default: $kind = $default;
                    let text = [$($doc),+].concat();
                    let default = Setting::written(&default);
                    let allowed = Allowed::<$kind>::written(&($allowed));
                    let [name, unit] = [stringify!($name), $unit];
                    format!("| `{name}` | {default} | {unit} | `{allowed}` |{text} |\n")
                },
                check: |config| check::<$kind>(stringify!($name), &config.$name, &($allowed)),
                set: |config, value| {
                    config.$name = read::<$kind>(value, &($allowed))?;
                    Ok(())
                },
                get: |config| Setting::value(&config.$name),
            }),+];
        }
    };
}
pub(super) use settings;

//! `Serialize` and `Deserialize`, so that a configuration may stand in one of the user's own. What is missing has its
//! default; what is not known or not allowed is an error, at its place where the format tells places.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::table::{Field, Settings};
use super::value::Value;
use super::{PerformanceConfig, SystemConfig};

/// What is in a struct of settings besides its fields.
trait Parts: Settings {
    /// Reads the part of this name. `None`: there is none.
    fn read_part<'de, M: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut M,
    ) -> Option<Result<(), M::Error>>;
    fn write_parts<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl Parts for PerformanceConfig {
    fn read_part<'de, M: MapAccess<'de>>(
        &mut self,
        _: &str,
        _: &mut M,
    ) -> Option<Result<(), M::Error>> {
        None
    }

    fn write_parts<M: SerializeMap>(&self, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

impl Parts for SystemConfig {
    fn read_part<'de, M: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut M,
    ) -> Option<Result<(), M::Error>> {
        let is_part = name == "performance";
        is_part.then(|| map.next_value().map(|performance| self.performance = performance))
    }

    fn write_parts<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("performance", &self.performance)
    }
}

/// A struct of settings, read.
struct Read<C>(PhantomData<C>);

impl<'de, C: Parts> Visitor<'de> for Read<C> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of settings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<C, M::Error> {
        let mut config = C::default();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(read) = config.read_part(&name, &mut map) {
                read?;
            } else if let Some(field) = C::field(&name) {
                map.next_value_seed(Into { config: &mut config, field })?;
            } else {
                map.next_value_seed(NoField::<C> { name: &name, settings: PhantomData })?;
            }
        }
        Ok(config)
    }
}

/// Reads one value into its field. The error arises where the value is, for the format to say where that was.
struct Into<'a, C: 'static> {
    config: &'a mut C,
    field: &'static Field<C>,
}

impl<'de, C> DeserializeSeed<'de> for Into<'_, C> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = deserializer.deserialize_any(Any)?;
        (self.field.set)(self.config, &value).map_err(|allowed| {
            let name = self.field.name;
            D::Error::custom(format_args!("`{name}` is {}, allowed are {allowed}", shown(&value)))
        })
    }
}

/// The value of what is no field.
struct NoField<'a, C> {
    name: &'a str,
    settings: PhantomData<C>,
}

impl<'de, C: Settings> DeserializeSeed<'de> for NoField<'_, C> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(IgnoredAny)?;
        let (name, allowed) = (self.name, C::names());
        Err(D::Error::custom(format_args!("`{name}` is no field, allowed are {allowed}")))
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Switch(on) => on.to_string(),
        Value::Text(text) | Value::Bare(text) => format!("{text:?}"),
        Value::Other => "of another type".to_string(),
    }
}

/// Any single value.
struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true or false, or a text")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
        Ok(Value::Switch(on))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(text.to_string().into()))
    }
}

struct Written<'a, C>(&'a C);

impl<C: Parts> Serialize for Written<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in C::FIELDS {
            map.serialize_entry(field.name, &(field.get)(self.0))?;
        }
        self.0.write_parts(&mut map)?;
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Number(number) => match u64::try_from(*number) {
                Ok(number) => serializer.serialize_u64(number),
                Err(_) => serializer.serialize_i128(*number),
            },
            Value::Switch(on) => serializer.serialize_bool(*on),
            Value::Text(text) | Value::Bare(text) => serializer.serialize_str(text),
            Value::Other => serializer.serialize_unit(),
        }
    }
}

macro_rules! both { ($($config:ident),*) => { $(
    impl Serialize for $config {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Written(self).serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for $config {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Read(PhantomData))
        }
    }
)* } }
both!(PerformanceConfig, SystemConfig);

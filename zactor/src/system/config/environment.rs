//! Reading the environment: a variable for each field, named for it.

use std::env;
use std::ffi::OsString;

use super::table::Settings;
use super::value::Value;
use super::{PerformanceConfig, SystemConfig};
use crate::error::{ConfigError, Origin};

impl SystemConfig {
    /// Takes over what the environment says; the other fields stay as they are. With the prefix `BANK` the variables are
    /// `BANK_ASK_TIMEOUT`, `BANK_BATCH_SIZE` and so on, fields of both structs alike. Every variable that begins so has to
    /// be one of them; an empty one says nothing.
    ///
    /// ```
    /// use zactor::SystemConfig;
    ///
    /// let config = SystemConfig::default().with_env("BANK")?;
    /// # Ok::<(), zactor::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`Written`](ConfigError::Written) and [`Unknown`](ConfigError::Unknown) name the first variable, by the alphabet, that
    /// is wrong, and what would be allowed. [`Invalid`](ConfigError::Invalid) for an empty prefix.
    pub fn with_env(self, prefix: &str) -> Result<Self, ConfigError> {
        self.with_variables(prefix, env::vars_os())
    }

    pub(super) fn with_variables(
        mut self,
        prefix: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        if prefix.is_empty() {
            return Err(ConfigError::invalid("prefix", "\"\"", "any prefix that is not empty"));
        }
        let ours = variables.filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let field = name.strip_prefix(prefix)?.strip_prefix('_')?.to_string();
            (!value.is_empty()).then_some((name, field, value))
        });
        let mut ours: Vec<_> = ours.collect();
        ours.sort();
        for (name, field, value) in ours {
            self.take_over(name, &field, &value)?;
        }
        Ok(self)
    }

    /// `field`: as the name of the variable has it, in capitals.
    fn take_over(
        &mut self,
        name: String,
        field: &str,
        value: &OsString,
    ) -> Result<(), ConfigError> {
        let plain = value.to_str().map_or(Value::Other, |text| Value::Bare(text.trim().into()));
        let origin = Origin::Variable { name };
        let shown = format!("{value:?}");
        let set = match set(self, field, &plain) {
            None => set(&mut self.performance, field, &plain),
            known => known,
        };
        match set {
            Some(Ok(())) => Ok(()),
            Some(Err((field, allowed))) => {
                Err(ConfigError::Written { origin, field, value: shown, allowed })
            }
            None => {
                let allowed = format!("{}, {}", Self::names(), PerformanceConfig::names());
                let allowed = allowed.to_uppercase();
                Err(ConfigError::Unknown { origin, field: field.into(), value: shown, allowed })
            }
        }
    }
}

/// `None`: no field of this struct. `Err`: which field, and what it may be.
fn set<C: Settings>(
    config: &mut C,
    capitals: &str,
    value: &Value<'_>,
) -> Option<Result<(), (String, String)>> {
    let known = C::FIELDS.iter().find(|field| field.name.to_uppercase() == capitals)?;
    Some((known.set)(config, value).map_err(|allowed| (known.name.to_string(), allowed)))
}

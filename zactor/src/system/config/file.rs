//! Reading TOML: the fields of `SystemConfig` at the top, those of `PerformanceConfig` in the table `performance`.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::SystemConfig;
use super::table::Settings;
use super::value::Value;
use crate::error::{ConfigError, Origin};

impl SystemConfig {
    /// Takes over what a file of TOML says; the other fields stay as they are.
    ///
    /// ```no_run
    /// use zactor::SystemConfig;
    ///
    /// let config = SystemConfig::default().with_file("bank.toml")?.with_env("BANK")?;
    /// # Ok::<(), zactor::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`Unreadable`](ConfigError::Unreadable) for a file that cannot be read or is no TOML; else as
    /// [`with_toml`](Self::with_toml).
    pub fn with_file(self, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            origin: Origin::File { path: path.to_path_buf() },
            problem: error.to_string(),
        })?;
        Reading { file: Some(path.to_path_buf()), text: &text }.read(self)
    }

    /// Takes over what a text of TOML says; the other fields stay as they are.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::SystemConfig;
    ///
    /// let text = r#"
    /// ask_timeout = "250ms"
    /// mailbox_overflow = "drop_old"
    ///
    /// [performance]
    /// actor_mailbox_capacity = 1_024
    /// "#;
    /// let config = SystemConfig::default().with_toml(text)?;
    /// assert_eq!(config.ask_timeout, Duration::from_millis(250));
    /// assert_eq!(config.performance.actor_mailbox_capacity, 1_024);
    ///
    /// let mistaken = SystemConfig::default().with_toml("[performance]\nbatch_size = 0");
    /// let error = mistaken.unwrap_err().to_string();
    /// assert_eq!(error, "line 2: `performance.batch_size` is 0, allowed are 1..=65536");
    /// # Ok::<(), zactor::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`Written`](ConfigError::Written) and [`Unknown`](ConfigError::Unknown) say what is wrong in the first line that is,
    /// and what would be allowed; [`Unreadable`](ConfigError::Unreadable) for what is no TOML.
    pub fn with_toml(self, text: &str) -> Result<Self, ConfigError> {
        Reading { file: None, text }.read(self)
    }
}

struct Reading<'a> {
    file: Option<PathBuf>,
    text: &'a str,
}

/// Where a mistake begins, and what it is.
type Mistakes = Vec<(usize, ConfigError)>;
type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

impl Reading<'_> {
    fn read(&self, mut config: SystemConfig) -> Result<SystemConfig, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| ConfigError::Unreadable {
            origin: self.line(error.span().map_or(0, |span| span.start)),
            problem: error.message().to_string(),
        })?;
        let mut mistakes = Mistakes::new();
        for (key, value) in table.get_ref() {
            match value.get_ref() {
                DeValue::Table(table) if key.get_ref() == "performance" => {
                    for entry in table {
                        self.set(&mut config.performance, "performance.", entry, &mut mistakes);
                    }
                }
                _ => self.set(&mut config, "", (key, value), &mut mistakes),
            }
        }
        // The table is sorted by name.
        match mistakes.into_iter().min_by_key(|(at, _)| *at) {
            None => Ok(config),
            Some((_, first)) => Err(first),
        }
    }

    fn set<C: Settings>(
        &self,
        config: &mut C,
        path: &str,
        (key, value): Entry<'_>,
        mistakes: &mut Mistakes,
    ) {
        let at = key.span().start;
        let name: &str = key.get_ref();
        let (origin, field) = (self.line(at), format!("{path}{name}"));
        let Some(known) = C::field(name) else {
            let part = if path.is_empty() { ", and the table `performance`" } else { "" };
            let allowed = format!("{}{part}", C::names());
            let value = self.shown(value);
            mistakes.push((at, ConfigError::Unknown { origin, field, value, allowed }));
            return;
        };
        if let Err(allowed) = (known.set)(config, &plain(value.get_ref())) {
            let value = self.shown(value);
            mistakes.push((at, ConfigError::Written { origin, field, value, allowed }));
        }
    }

    /// As it stands in the text; of more than one line the first.
    fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        if value.get_ref().is_table() {
            return "a table".to_string();
        }
        let written = self.text.get(value.span()).unwrap_or_default();
        match written.trim_end().split_once('\n') {
            Some((first, _)) => format!("{first} ..."),
            None => written.to_string(),
        }
    }

    fn line(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Origin::Line { file: self.file.clone(), line }
    }
}

fn plain<'a>(value: &'a DeValue<'_>) -> Value<'a> {
    match value {
        DeValue::String(text) => Value::Text(text.as_ref().into()),
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other, Value::Number),
        _ => Value::Other,
    }
}

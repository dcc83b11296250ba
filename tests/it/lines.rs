//! The lines of `tracing`, kept for those who look for what was said.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, OnceLock};

/// The lines of all systems of this process.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps all lines of the levels `WARN` and `ERROR`.
struct Keeper;

struct Fields(String);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?};").unwrap();
    }
}

impl tracing::Subscriber for Keeper {
    fn enabled(&self, line: &tracing::Metadata<'_>) -> bool {
        *line.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        LINES.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// From now on lines are kept.
pub(crate) fn keep_lines() {
    static KEPT: OnceLock<()> = OnceLock::new();
    KEPT.get_or_init(|| tracing::subscriber::set_global_default(Keeper).unwrap());
}

/// The lines about the actor of this name.
pub(crate) fn lines_of(name: &str) -> Vec<String> {
    let name = format!("name=\"{name}\";");
    LINES.lock().unwrap().iter().filter(|line| line.contains(&name)).cloned().collect()
}

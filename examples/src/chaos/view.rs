//! What is seen while the work goes on: how much is finished, and how often somebody starts again.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::ui;

/// Rates are those of so much time.
const WINDOW: Duration = Duration::from_millis(200);

/// The view, on standard error if that is a terminal.
pub(crate) struct View {
    bar: ProgressBar,
    since: Instant,
    restarts: u64,
    /// The window with the most restarts per second.
    pub(crate) peak: (u64, Duration),
}

impl View {
    pub(crate) fn new(what: &'static str, jobs: u64) -> Self {
        let bar = if io::stderr().is_terminal() {
            let template = "{prefix} [{wide_bar}] {human_pos}/{human_len} {msg}";
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(jobs).with_style(style).with_prefix(what)
        } else {
            ProgressBar::hidden()
        };
        Self { bar, since: Instant::now(), restarts: 0, peak: (0, WINDOW) }
    }

    pub(crate) fn finished(&self, jobs: u64) {
        self.bar.set_position(jobs);
    }

    /// Looks at the number of restarts so far, unless it has just done so.
    pub(crate) fn look(&mut self, restarts: impl FnOnce() -> u64) {
        let time = self.since.elapsed();
        if time < WINDOW {
            return;
        }
        let restarts = restarts();
        let new = restarts - self.restarts;
        if ui::per_second(new, time) > ui::per_second(self.peak.0, self.peak.1) {
            self.peak = (new, time);
        }
        let (all, rate) = (ui::count(restarts), ui::rate(new, time));
        self.bar.set_message(format!("{all} restarts, {rate}"));
        (self.since, self.restarts) = (Instant::now(), restarts);
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

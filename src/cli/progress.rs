//! How far is a run?
//!
//! A line for each step; on a terminal a bar below them that also shows what is waited for.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::server::ServerError;
use crate::server::apply::Progress;
use crate::sql::{Role, Script, Statement};

/// Tells of a run on stderr.
pub(super) struct Steps {
    output: Output,
    bar: Option<ProgressBar>,
    steps: usize,
    done: usize,
}

impl Steps {
    pub fn new(output: &Output, script: &Script) -> Self {
        let steps =
            script.statements.iter().filter(|it| matches!(it.role, Role::Step { .. } | Role::Together { .. })).count();
        let bar = output.is_drawable().then(|| {
            let bar = ProgressBar::new(script.statements.len() as u64);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { output: *output, bar, steps, done: 0 }
    }

    fn line(&self, line: String) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => self.output.say(line),
        }
    }

    /// Takes the bar away before anything else is printed.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Steps {
    fn started(&mut self, statement: &Statement, number: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(number as u64);
            bar.set_message(statement.title.clone());
        }
    }

    fn finished(&mut self, statement: &Statement, rows: Option<u64>, elapsed: Duration) {
        if matches!(statement.role, Role::Step { .. } | Role::Together { .. }) {
            self.done += 1;
            let rows = rows.map_or_else(String::new, |rows| crate::review::count(rows, "row"));
            let (done, steps, title) = (self.done, self.steps, &statement.title);
            self.line(format!("step {done} of {steps}  {title}  {rows}  {} ms", elapsed.as_millis()));
        }
    }

    fn retrying(&mut self, begun: u32, why: &str, delay: Duration) {
        self.done = 0;
        self.line(format!("rolled back, attempt {begun} in {} ms: {why}", delay.as_millis()));
    }

    fn unwatched(&mut self, why: &ServerError) {
        self.line(format!("nobody watches for sessions that wait for the run: {why}"));
    }
}

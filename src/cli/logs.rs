//! What is logged, and what a panic may say.

use std::io::Write;

use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{FmtSpan, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::arguments::{Global, LogFormat};

/// Logs to stderr, and only what efface itself says: the driver's own log lines hold statements with their parameters.
pub(super) fn start(global: &Global) {
    let level = match global.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("efface", level);
    let registry = tracing_subscriber::registry().with(ours);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    // A second subscriber in one process is a mistake of an embedder's tests only; logs are then theirs.
    let _ = match global.log_format {
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}

/// A line as the log's own lines are, for what is told to people otherwise: then all of stderr is JSON, an object a line.
pub(super) fn line(level: &str, fields: serde_json::Value) -> String {
    let mut timestamp = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
    json!({ "timestamp": timestamp, "level": level, "fields": fields, "target": "efface" }).to_string()
}

/// A panic prints its place and nothing else: its message may hold values. The server rolls back what was under way.
pub(super) fn hook_panics(format: LogFormat) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let message = format!("a bug in efface{place}; what was not committed is rolled back");
        let help = "report it with this place and the command; the message is withheld, since it may hold values";
        let told = match format {
            LogFormat::Text => format!("error: {message}\n  = help: {help}"),
            LogFormat::Json => line("ERROR", json!({ "message": message, "help": [help] })),
        };
        let _ = writeln!(std::io::stderr(), "{told}");
        std::process::exit(super::failure::Exit::Bug as i32);
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Says to this very test, run once more, that it is to panic.
    const PANIC: &str = "EFFACE_TEST_PANIC";

    #[test]
    fn a_panic_tells_its_place_and_withholds_its_message() {
        if std::env::var_os(PANIC).is_some() {
            hook_panics(LogFormat::Text);
            let value = std::hint::black_box("MARKED value");
            panic!("a row: {value}");
        }
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "cli::logs::tests::a_panic_tells_its_place_and_withholds_its_message", "--nocapture"]);
        let output = command.env(PANIC, "1").output().expect("it runs");
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert_eq!(output.status.code(), Some(70), "{printed}");
        assert!(printed.contains("error: a bug in efface at src/cli/logs.rs:"), "{printed}");
        assert!(!printed.contains("MARKED"), "{printed}");
    }
}

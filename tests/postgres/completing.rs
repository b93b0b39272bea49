//! Shells complete commands, options and codes by what `efface completions` prints.

use std::path::PathBuf;
use std::process::{Command, Output};

fn script(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_efface")).args(["completions", shell]).output().expect("efface runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// The script in a file of its own, as somebody would install it.
fn installed(shell: &str, name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, script(shell)).expect("the script is written");
    (folder, file)
}

/// None where the shell isn't here; then the test says so.
#[allow(clippy::print_stdout, reason = "what was not tried belongs to the run's record")]
fn run(shell: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(shell).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("{shell} is not installed: its completions are not tried");
            None
        }
        Err(error) => panic!("{shell}: {error}"),
    }
}

/// What is typed, what must be offered, and what must not.
const TYPED: &[(&[&str], &str, &str)] = &[
    (&["efface", "reh"], "rehearse", "apply"),
    (&["efface", "explain", "not-n"], "not-null", "orphans"),
    (&["efface", "ledger", "ver"], "verify", "init"),
    (&["efface", "apply", "--yes-"], "--yes-all-rows", "--catalog"),
    (&["efface", "plan", "--format", "s"], "sql", "text"),
];

fn offers(shell: &str, output: &Output, typed: &[&str], wanted: &str, unwanted: &str) {
    // Without what moves a terminal's cursor.
    let offered = String::from_utf8_lossy(&output.stdout);
    let mut parts = offered.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    let offered = parts.fold(first, |text, part| {
        text + " "
            + part.trim_start_matches(|c: char| c.is_ascii_digit() || ";?".contains(c)).get(1..).unwrap_or_default()
    });
    let words: Vec<&str> = offered.split_whitespace().collect();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains(&wanted) && !words.contains(&unwanted), "{shell} {typed:?}: {offered} {complaint}");
}

#[test]
fn bash_completes() {
    let (_folder, file) = installed("bash", "efface");
    let file = file.to_str().expect("text");
    let checked = run("bash", &["-n", file]).expect("bash is there");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for (typed, wanted, unwanted) in TYPED {
        // As readline does: the words, which of them is being typed, and the one before it.
        let (word, before) = (typed[typed.len() - 1], typed[typed.len() - 2]);
        let words = typed.join(" ");
        let ask = format!(
            "source '{file}'; complete -p efface >/dev/null || exit 1; COMP_WORDS=({words}); COMP_CWORD={}; \
             COMP_LINE='{words}'; COMP_POINT=${{#COMP_LINE}}; _efface efface '{word}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            typed.len() - 1
        );
        let output = run("bash", &["--norc", "-c", &ask]).expect("bash is there");
        offers("bash", &output, typed, wanted, unwanted);
    }
}

#[test]
fn fish_completes() {
    let (_folder, file) = installed("fish", "efface.fish");
    for (typed, wanted, unwanted) in TYPED {
        let ask = format!("source '{}'; complete -C '{}'", file.display(), typed.join(" "));
        let Some(output) = run("fish", &["--no-config", "-c", &ask]) else { return };
        offers("fish", &output, typed, wanted, unwanted);
    }
}

#[test]
fn zsh_completes() {
    let (folder, _file) = installed("zsh", "_efface");
    let folder = folder.path().display();
    for (typed, wanted, unwanted) in TYPED {
        // An interactive shell on a terminal of its own, which lists what a tabulator finds.
        let ask = format!(
            "zmodload zsh/zpty; zpty z zsh -f -i; \
             zpty -w z \"PS1=; fpath=({folder} \\$fpath); autoload -U compinit; compinit -u -D; setopt list_ambiguous; \
               bindkey '^I' list-choices; stty cols 200; echo READ''Y\"; \
             zpty -r z seen '*READY*'; \
             zpty -w -n z $'{}\\t'; sleep 1; zpty -w -n z $'\\C-u'; zpty -w z 'echo DO''NE'; \
             zpty -r z seen '*DONE*'; print -r -- \"$seen\"",
            typed.join(" ")
        );
        let Some(output) = run("zsh", &["-f", "-c", &ask]) else { return };
        offers("zsh", &output, typed, wanted, unwanted);
    }
}

#[test]
fn the_others_have_every_command() {
    for shell in ["elvish", "powershell"] {
        let script = script(shell);
        for command in ["check", "rehearse", "ledger", "completions"] {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}

//! What stands below each `--help`: lines that work as they are.
//!
//! A test reads each line as the shell and the parser do, and another one runs them on the fitness club.

/// Below `efface --help`.
pub(super) const EFFACE: &str = "\
Examples:
  efface init --subject users > draft.yaml
  efface check policies/client-erasure.yaml
  efface plan policies/client-erasure.yaml
  efface rehearse policies/client-erasure.yaml --subject 42
  efface apply policies/client-erasure.yaml --subject 42
  efface demo                             # all of it on a throw-away PostgreSQL

Exit codes:
  0    done
  1    findings: the policy is wrong, a guard blocks, a report moved, a limit was reached, declined
  2    usage
  3    the server or disk refused, retries exhausted too; nothing committed
  4    stale plan or drifted schema; nothing committed
  5    the outcome of COMMIT is still unknown
  70   a bug
  130  Ctrl-C, rolled back";

pub(super) const INIT: &str = "\
Examples:
  efface init --subject users > draft.yaml
  efface init --subject users --key club_id,number --out club.yaml
  efface init --subject users --delete notes --keep payments > draft.yaml    # known already
  efface init --subject users --no-sample > draft.yaml                       # looks at no row
  efface init --subject users --catalog catalog.json > draft.yaml            # without a database";

pub(super) const CHECK: &str = "\
Examples:
  efface check policies/client-erasure.yaml
  efface check policies/client-erasure.yaml --strict --format json
  efface check policies --catalog policies/catalog.json     # a folder, without a database
  efface check policies --format github                     # in CI: annotations
  efface check - < policies/client-erasure.yaml             # as an editor may call it";

pub(super) const PLAN: &str = "\
Examples:
  efface plan policies/client-erasure.yaml
  efface plan policies/client-erasure.yaml --format sql | less
  efface plan policies/client-erasure.yaml --format html > plan.html
  efface plan policies/client-erasure.yaml --out plan.json    # reviewed, then `apply --plan`";

pub(super) const PLAN_DIFF: &str = "\
Examples:
  efface plan diff plan.json policies/client-erasure.yaml
  efface plan diff base/policies/x.yaml policies/x.yaml --format markdown    # in CI";

pub(super) const GRAPH: &str = "\
Examples:
  efface graph policies/client-erasure.yaml                           # Mermaid, for Markdown
  efface graph policies/client-erasure.yaml --format svg > graph.svg
  efface graph policies/client-erasure.yaml --format dot | dot -Tpdf > graph.pdf
  efface graph policies/client-erasure.yaml --catalog catalog.json    # without a database";

pub(super) const FIND: &str = "\
Examples:
  efface find -                    # type values, or pipe them in; Ctrl-D ends them
  efface find people.txt --keys    # values of a file; print the keys of the rows too
  efface find --policy policies/client-erasure.yaml --subject 42    # what the database knows
  efface find - --schema public --exclude audits --jobs 4 --format json";

pub(super) const SNAPSHOT: &str = "\
Examples:
  efface snapshot policies/
  efface snapshot policies/ --check                                    # in CI: has a script moved?
  efface snapshot policies/ --check --catalog policies/catalog.json    # the same without a database";

pub(super) const REHEARSE: &str = "\
Examples:
  efface rehearse policies/client-erasure.yaml --subject 42
  efface rehearse policies/client-erasure.yaml --subject 42 --format json > rehearsed.json
  efface rehearse policies/client-erasure.yaml --subjects-from leavers.txt";

pub(super) const APPLY: &str = "\
Examples:
  efface apply policies/client-erasure.yaml --subject 42
  efface apply policies/client-erasure.yaml --subject 42 --yes --format json > receipt.json
  efface apply --plan plan.json --subject 42                      # the reviewed plan or nothing
  efface apply policies/inactive-clients.yaml --expired --yes     # a retention run, from cron";

pub(super) const GRANTS: &str = "\
Examples:
  efface grants policies/client-erasure.yaml
  efface grants policies/client-erasure.yaml --role efface | psql";

pub(super) const CATALOG: &str = "\
Examples:
  efface catalog --out catalog.json
  efface catalog --database postgresql://localhost/club > catalog.json
  efface catalog --database \"service=club\" > catalog.json";

pub(super) const EXPLAIN: &str = "\
Examples:
  efface explain not-null
  efface explain              # all codes
  efface explain --format json > findings.json";

pub(super) const SCHEMA: &str = "\
Examples:
  efface schema policy > policy.schema.json     # for the editor that writes policies
  efface schema receipt > receipt.schema.json   # for the program that reads receipts";

pub(super) const COMPLETIONS: &str = "\
Examples:
  efface completions bash > ~/.local/share/bash-completion/completions/efface
  efface completions zsh > ~/.zfunc/_efface     # ~/.zshrc: fpath+=~/.zfunc, before compinit
  efface completions fish > ~/.config/fish/completions/efface.fish";

pub(super) const DEMO: &str = "\
Examples:
  efface demo
  efface demo --keep    # and then play with it: prints a DATABASE_URL, and how to stop the server";

pub(super) const VERIFY: &str = "\
Examples:
  efface verify policies/client-erasure.yaml --subject 42
  efface verify policies/client-erasure.yaml --subject 42 --values-from - --everywhere < values.txt";

pub(super) const LEDGER: &str = "\
Examples:
  efface ledger init
  efface ledger list
  efface ledger verify";

pub(super) const LEDGER_INIT: &str = "\
Examples:
  efface ledger init
  efface ledger init --print --role efface > ledger.sql    # for whoever may create schemas";

pub(super) const LEDGER_LIST: &str = "\
Examples:
  efface ledger list
  efface ledger list --format json";

pub(super) const LEDGER_EXPORT: &str = "\
Examples:
  efface ledger export --out ledger.jsonl";

pub(super) const LEDGER_VERIFY: &str = "\
Examples:
  efface ledger verify
  efface ledger verify ledger.jsonl    # a file that `ledger export` wrote; asks no database
  efface ledger verify --head \"$(jq -r .ledger.digest receipt.json)\"";

pub(super) const LEDGER_DISABLE: &str = "\
Examples:
  efface ledger disable --because \"legal hold: ask the privacy officer\"";

pub(super) const LEDGER_ENABLE: &str = "\
Examples:
  efface ledger enable";

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory, Parser};

    use crate::cli::arguments::Arguments;

    /// Every command with its words, groups of commands before those in them.
    fn commands() -> Vec<(String, Command)> {
        fn walk(prefix: &str, command: &Command, all: &mut Vec<(String, Command)>) {
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                let name = format!("{prefix} {}", inner.get_name());
                all.push((name.clone(), inner.clone()));
                walk(&name, inner, all);
            }
        }
        let mut root = Arguments::command().term_width(100);
        root.build();
        let mut all = vec![("efface".to_owned(), root.clone())];
        walk("efface", &root, &mut all);
        all
    }

    /// The commands of a line, each as the words that a shell makes of it; what runs or reads it and what is said about it
    /// are left out.
    fn commands_of(line: &str) -> Vec<Vec<String>> {
        let line = line.trim().split("   ").next().expect("a line").split(" # ").next().expect("a line");
        let words = |command: &str| {
            let mut words = vec![String::new()];
            let mut quoted = false;
            for c in command.trim().chars() {
                match c {
                    '"' => quoted = !quoted,
                    '|' | '>' | '<' if !quoted => break,
                    ' ' if !quoted => words.push(String::new()),
                    c => words.last_mut().expect("a word").push(c),
                }
            }
            words.retain(|word| !word.is_empty());
            words
        };
        line.split(" && ").map(words).collect()
    }

    #[test]
    fn every_command_has_examples_and_the_parser_takes_them() {
        for (name, command) in commands() {
            let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = below.split("\n\n").find_map(|part| part.strip_prefix("Examples:\n"));
            let examples = examples.unwrap_or_else(|| panic!("`{name} --help` has no examples below it"));
            let shown = command.clone().render_help().to_string();
            for line in examples.lines() {
                assert!(shown.lines().any(|shown| shown == line), "{name}: broken in two: {line}");
                let commands = commands_of(line);
                for words in &commands {
                    let parsed = Arguments::try_parse_from(words);
                    assert!(parsed.is_ok(), "{line}\n{}", parsed.unwrap_err());
                }
                let about = commands.last().expect("a command").join(" ");
                assert!(line.starts_with("  ") && about.starts_with(&name), "{name}: {line}");
            }
        }
    }

    #[test]
    fn what_help_says() {
        for (name, mut command) in commands() {
            let long = command.render_long_help().to_string();
            for line in command.render_help().to_string().lines().chain(long.lines()) {
                assert!(line.chars().count() <= 100, "{name}: {line}");
            }
            // A page for each command, as another one's arguments are none of its business.
            insta::assert_snapshot!(name.replace(' ', "-"), long);
        }
    }
}

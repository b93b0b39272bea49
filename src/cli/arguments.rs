//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::explain::CodeParser;
use super::help;
use crate::diagnostic::Code;

/// Erase people from a PostgreSQL database by a reviewed policy, and leave the books standing.
#[derive(Debug, Parser)]
#[command(name = "efface", version, propagate_version = true, after_help = help::EFFACE)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Above the options that every command takes, so that its own stand together.
const EVERYWHERE: &str = "Options of every command";

/// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Colour messages
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Say nothing but results and errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log what is done, to stderr; twice for more
    #[arg(long, short, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How lines on stderr look: with `json` findings, progress and errors are objects too, one a line
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Print what the server says in full, even where it quotes rows
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub show_server_detail: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal; NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb count
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a first policy from the live schema, with guesses and what is left to decide
    Init(InitArguments),
    /// Hold a policy against the schema: errors point at line and column
    #[command(after_help = help::CHECK)]
    Check(CheckArguments),
    /// Show what a policy would do: read-only, changes nothing
    #[command(after_help = help::PLAN)]
    Plan(PlanArguments),
    /// Write each policy's SQL script beside it, for review as a diff
    #[command(after_help = help::SNAPSHOT)]
    Snapshot(SnapshotArguments),
    /// Run everything, show real row counts, roll back
    #[command(after_help = help::REHEARSE)]
    Rehearse(RehearseArguments),
    /// Ask, run, verify, commit, print the receipt
    ///
    /// What `check` and `rehearse` ask the server beforehand, such as whether every row would satisfy a CHECK, is not asked
    /// again: it reads tables, and the transaction finds out anyway and rolls back.
    #[command(after_help = help::APPLY)]
    Apply(ApplyArguments),
    /// Draw the tables that the subject reaches, by what happens to their rows
    ///
    /// The policy need not pass `check`: tables and columns that nobody has decided stand out. Where there are more than 40
    /// tables, those that nothing references and that look the same are drawn as one.
    #[command(after_help = help::GRAPH)]
    Graph(GraphArguments),
    /// Print the least privileges that a policy needs, as GRANT statements for psql
    #[command(after_help = help::GRANTS)]
    Grants(GrantsArguments),
    /// Write the schema as a file, so that check, plan and snapshot run without a database
    #[command(after_help = help::CATALOG)]
    Catalog(CatalogArguments),
    /// Print a page about a kind of finding, with a policy that fails and one that passes
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArguments),
    /// Print a JSON Schema, for editors and programs
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArguments),
    /// Print what makes a shell complete commands, options and codes
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArguments),
    /// Start a throw-away PostgreSQL with a fitness club, and tell the whole story
    #[command(after_help = help::DEMO)]
    Demo(DemoArguments),
    /// Look whether somebody who was erased is still gone: read-only, changes nothing
    ///
    /// The scopes of the policy's steps are asked once more, and its guards: rows that are there again, after a restored
    /// backup for instance, are findings. What values the person had nobody knows any more; who does can give them with
    /// `--values-from`, and they are looked for in texts, documents, arrays and text search vectors.
    #[command(after_help = help::VERIFY)]
    Verify(VerifyArguments),
    /// Where in the database do values stand? Read-only, changes nothing
    ///
    /// The values come from standard input or a file, one in each line, and never from the command line. All tables,
    /// partitions and materialized views are looked through: texts, documents, arrays, bytes and text search vectors, in any
    /// case and spelling. Places and counts are printed, and which of the values by the number of its line.
    ///
    /// Exit code 0: found nowhere, and everything was looked through. 1: found, or something could not be looked through.
    #[command(after_help = help::FIND)]
    Find(FindArguments),
    /// Who was erased, when, by which policy: the chain of entries that runs leave in the database
    #[command(after_help = help::LEDGER)]
    Ledger(LedgerArguments),
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub(super) struct Database {
    /// A URL or keywords, as psql takes them; without it PG* variables count
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
}

/// Which schema: a live one or a file.
#[derive(Clone, Debug, Args)]
pub(super) struct Schema {
    #[command(flatten)]
    pub database: Database,
    /// A file that `efface catalog` wrote, instead of a database; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people, with the lines of the policy
    Text,
    /// A list of findings
    Json,
    /// A log of static analysis results, for code scanning and editors
    Sarif,
    /// Annotations on the lines of a pull request, as a workflow of GitHub Actions prints them
    Github,
    /// A code quality report, as a merge request on GitLab shows it
    Gitlab,
}

#[derive(Debug, Args)]
#[command(after_help = help::INIT)]
pub(super) struct InitArguments {
    /// The table that holds the persons: `users`, or with its schema, `club.users`
    #[arg(long, value_name = "TABLE")]
    pub subject: String,
    /// The columns that tell persons apart, where it isn't the primary key; several separated by commas
    #[arg(long, value_name = "COLUMNS")]
    pub key: Option<String>,
    #[command(flatten)]
    pub schema: Schema,
    /// A table whose rows go with the person, where you know that already; may be repeated
    #[arg(long, value_name = "TABLE")]
    pub delete: Vec<String>,
    /// A table whose rows stay as they are, with what hangs on them; may be repeated
    #[arg(long, value_name = "TABLE")]
    pub keep: Vec<String>,
    /// Look at no row: guess from names, types and constraints alone
    #[arg(long, conflicts_with = "catalog")]
    pub no_sample: bool,
    /// How many rows of each table are looked at, at most; their values are never shown
    #[arg(long, value_name = "ROWS", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000), conflicts_with_all = ["no_sample", "catalog"])]
    pub sample: u16,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write over the file that is there
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Policies, or folders of policies; `-` is standard input
    #[arg(required = true)]
    pub policies: Vec<PathBuf>,
    #[command(flatten)]
    pub schema: Schema,
    /// Fail on warnings too: each has to be mended, or accepted in the policy with a reason
    #[arg(long)]
    pub strict: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// A page to read
    Text,
    /// The script, as `psql -X -f` runs it
    Sql,
    /// The saved plan, as `apply --plan` takes it
    Json,
    /// A comment for a pull request: 65,000 characters at most
    Markdown,
    /// A page for a browser, in one file, without a network
    Html,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct PlanArguments {
    #[command(subcommand)]
    pub command: Option<PlanCommand>,
    /// The policy; `-` is standard input
    #[arg(required = true)]
    pub policy: Option<PathBuf>,
    #[command(flatten)]
    pub schema: Schema,
    /// Plan the retention run, which chooses its subjects by the policy's `expired_when`
    #[arg(long)]
    pub expired: bool,
    #[command(flatten)]
    pub entered: Entered,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: PlanFormat,
    /// Save the plan to this file, for `apply --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Say what a change of policy or schema means: what is erased otherwise, what protects a run, how the SQL moves
    ///
    /// Both sides are policies, each beside the `catalog.json` that `efface snapshot` keeps in their folder, or plans that
    /// `efface plan --out` saved. No database is asked.
    #[command(after_help = help::PLAN_DIFF)]
    Diff(PlanDiffArguments),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// A page to read; the first line is a summary
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(super) struct PlanDiffArguments {
    /// The policy or the saved plan before
    pub old: PathBuf,
    /// The policy or the saved plan now
    pub new: PathBuf,
    /// Hold the plans of the retention runs against each other
    #[arg(long)]
    pub expired: bool,
    /// How the difference is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: DiffFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// For a comment or a page of Markdown: GitHub and GitLab draw it
    Mermaid,
    /// For Graphviz
    Dot,
    /// A drawing, in one file
    Svg,
}

#[derive(Debug, Args)]
pub(super) struct GraphArguments {
    /// The policy
    pub policy: PathBuf,
    #[command(flatten)]
    pub schema: Schema,
    /// How the graph is printed
    #[arg(long, value_enum, default_value = "mermaid")]
    pub format: GraphFormat,
    /// Draw every table on its own, however many there are
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub(super) struct SnapshotArguments {
    /// Policies, or folders of policies
    #[arg(required = true)]
    pub policies: Vec<PathBuf>,
    #[command(flatten)]
    pub schema: Schema,
    #[command(flatten)]
    pub entered: Entered,
    /// Write nothing; print a diff and exit 1 where a script moved
    #[arg(long)]
    pub check: bool,
}

/// Who is erased.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Subjects {
    /// The subject's key; the values of a composite key separated by commas, `\,` for a comma within one; may be repeated
    #[arg(long = "subject", value_name = "KEY", allow_hyphen_values = true)]
    pub subjects: Vec<String>,
    /// A file with a subject in each line, written as for `--subject`; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub subjects_from: Option<PathBuf>,
    /// Whoever is expired by the policy's `expired_when`
    #[arg(long, conflicts_with_all = ["subjects", "subjects_from"])]
    pub expired: bool,
}

/// Whether a run enters itself in the database's ledger.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Entered {
    /// Enter nothing in the database's ledger, and recognise nobody by it
    #[arg(long)]
    pub no_ledger: bool,
}

/// Whether somebody is erased a second time.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Again {
    /// Erase subjects that the ledger knows as erased, where something of theirs is left or new
    #[arg(long, conflicts_with = "no_ledger")]
    pub again: bool,
}

/// What keys pseudonyms.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SecretFile {
    /// The file with the secret that keys pseudonyms, one line; without it EFFACE_SECRET holds the secret itself
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// How long somebody may have to wait for the run's locks.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Waiting {
    /// Roll back and try again, five times in all, when another session has waited this long for a lock of ours (`2s`, `500ms`);
    /// `0` doesn't look
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    max_block: Duration,
}

impl Waiting {
    /// None where nobody looks.
    pub fn max_block(self) -> Option<Duration> {
        (!self.max_block.is_zero()).then_some(self.max_block)
    }
}

/// A number with a unit, as times stand in a policy; zero needs none.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "" if text == "0" => 0,
        _ => return Err("a number with a unit: `500ms`, `2s`, `1min`".into()),
    };
    let number = text[..text.len() - unit.len()].parse::<u64>().map_err(|_| "not a number".to_owned())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "too long".into())
}

#[derive(Debug, Args)]
pub(super) struct RehearseArguments {
    /// The policy
    pub policy: PathBuf,
    #[command(flatten)]
    pub subjects: Subjects,
    #[command(flatten)]
    pub secret: SecretFile,
    #[command(flatten)]
    pub entered: Entered,
    #[command(flatten)]
    pub again: Again,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub waiting: Waiting,
    /// How the account of the run is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The policy
    pub policy: PathBuf,
    #[command(flatten)]
    pub subjects: Subjects,
    /// Look for these values too, one in each line; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub values_from: Option<PathBuf>,
    /// Look for them in every table and materialized view of the database, not only in those of the policy
    #[arg(long, requires = "values_from")]
    pub everywhere: bool,
    #[command(flatten)]
    pub searching: Searching,
    #[command(flatten)]
    pub database: Database,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// How a database is looked through.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Searching {
    /// Look through so many tables at a time, each over a session of its own; all see one state of the data
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub jobs: u32,
    /// How long one table may take (`30s`, `10min`); `0` for as long as it takes
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = duration)]
    timeout: Duration,
}

impl Searching {
    /// None for as long as it takes.
    pub fn timeout(&self) -> Option<Duration> {
        (!self.timeout.is_zero()).then_some(self.timeout)
    }
}

#[derive(Debug, Args)]
pub(super) struct FindArguments {
    /// A file with a value in each line; `-` is standard input
    #[arg(value_name = "FILE")]
    pub values: Vec<PathBuf>,
    /// Look for the values of this policy's subjects instead: those of its `verify.gone`; without it, those that their own rows
    /// lose
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// With `--policy`: whatever the subjects' own rows lose, though `verify.gone` names other columns
    #[arg(long, requires = "policy")]
    pub all_values: bool,
    /// The subject's key, as for `apply`; may be repeated
    #[arg(long = "subject", value_name = "KEY", requires = "policy", allow_hyphen_values = true)]
    pub subjects: Vec<String>,
    /// A file with a subject in each line; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub subjects_from: Option<PathBuf>,
    /// Look through this schema only; may be repeated
    #[arg(long = "schema", value_name = "NAME")]
    pub schemas: Vec<String>,
    /// Look through this table only, with its partitions; may be repeated
    #[arg(long = "table", value_name = "NAME")]
    pub tables: Vec<String>,
    /// Don't look through this table; may be repeated
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Look for values of fewer than four characters too, which stand in many texts by chance
    #[arg(long)]
    pub short: bool,
    /// Print the primary keys of the rows; a key can be personal
    #[arg(long)]
    pub keys: bool,
    /// How many keys are printed of each column
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10000))]
    pub max_keys: u32,
    /// Print all keys on the way to a place in a document, not only those that are words of the schema; a key can be personal
    #[arg(long)]
    pub paths: bool,
    #[command(flatten)]
    pub searching: Searching,
    #[command(flatten)]
    pub database: Database,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// The policy; with `--plan` the one that was planned, where it has moved to another place
    #[arg(required_unless_present = "plan")]
    pub policy: Option<PathBuf>,
    /// A plan that `plan --out` saved; refused when the policy, the schema or the script moved since
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub subjects: Subjects,
    #[command(flatten)]
    pub secret: SecretFile,
    #[command(flatten)]
    pub entered: Entered,
    #[command(flatten)]
    pub again: Again,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub waiting: Waiting,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
    /// Don't ask, for a policy with `every_row`: the name of the database, which has to be the one connected to
    #[arg(long, value_name = "DATABASE", conflicts_with = "yes")]
    pub yes_all_rows: Option<String>,
    /// Leave planner statistics as they are; the receipt names the tables whose statistics may hold old values
    #[arg(long)]
    pub no_analyze: bool,
    /// How the receipt is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct GrantsArguments {
    /// The policy; `-` is standard input
    pub policy: PathBuf,
    /// For whom; without it, for the role that is connected
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// For the retention run, which chooses its subjects by the policy's `expired_when`
    #[arg(long)]
    pub expired: bool,
    #[command(flatten)]
    pub entered: Entered,
    #[command(flatten)]
    pub database: Database,
}

#[derive(Debug, Args)]
pub(super) struct CatalogArguments {
    #[command(flatten)]
    pub database: Database,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// What stands in brackets in front of a finding, such as `not-null`; without it all are listed
    #[arg(value_parser = CodeParser, hide_possible_values = true)]
    pub code: Option<Code>,
    /// How the page is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// What a policy may say
    Policy,
    /// What `plan --format json` writes
    Plan,
    /// What `plan diff --format json` prints
    PlanDiff,
    /// What `apply --format json` writes
    Receipt,
    /// What `ledger export` writes in each line
    Ledger,
    /// What `verify --format json` prints
    Verification,
    /// What `find --format json` prints
    Find,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Of what
    #[arg(value_enum)]
    pub kind: SchemaKind,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Leave the server running, and print how to reach and to stop it
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Args)]
pub(super) struct LedgerArguments {
    #[command(subcommand)]
    pub command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Make the ledger's tables in schema `efface`, and print what to GRANT to the role that erases
    #[command(after_help = help::LEDGER_INIT)]
    Init(LedgerInitArguments),
    /// Show the entries
    #[command(after_help = help::LEDGER_LIST)]
    List(LedgerListArguments),
    /// Write the entries as JSON, one in a line
    #[command(after_help = help::LEDGER_EXPORT)]
    Export(LedgerExportArguments),
    /// Find entries that were changed, taken out, or put elsewhere
    #[command(after_help = help::LEDGER_VERIFY)]
    Verify(LedgerVerifyArguments),
    /// Refuse every run in this database from now on; waits for those under way
    #[command(after_help = help::LEDGER_DISABLE)]
    Disable(LedgerDisableArguments),
    /// Allow runs again
    #[command(after_help = help::LEDGER_ENABLE)]
    Enable(Database),
}

#[derive(Debug, Args)]
pub(super) struct LedgerInitArguments {
    #[command(flatten)]
    pub database: Database,
    /// Print the SQL that makes the ledger, and make nothing
    #[arg(long)]
    pub print: bool,
    /// The role that erases, to which the printed statements grant what it needs
    #[arg(long, value_name = "ROLE", default_value = "efface")]
    pub role: String,
}

#[derive(Debug, Args)]
pub(super) struct LedgerListArguments {
    #[command(flatten)]
    pub database: Database,
    /// How the entries are printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct LedgerExportArguments {
    #[command(flatten)]
    pub database: Database,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LedgerVerifyArguments {
    /// A file that `ledger export` wrote, instead of a database
    pub export: Option<PathBuf>,
    #[command(flatten)]
    pub database: Database,
    /// The digest of an entry that was kept elsewhere, such as a receipt's: that entry has to be there
    #[arg(long, value_name = "DIGEST")]
    pub head: Option<String>,
    /// How the outcome is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct LedgerDisableArguments {
    #[command(flatten)]
    pub database: Database,
    /// What those are told whose runs are refused
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn apply_takes_a_policy_or_a_saved_plan() {
        assert!(parse("efface apply p.yaml --subject 42").is_ok());
        assert!(parse("efface apply --plan plan.json --subject 42 --yes").is_ok());
        assert!(parse("efface apply p.yaml --subject 42 --subjects-from more.txt").is_ok());
        assert!(parse("efface apply --subject 42").is_err());
    }

    #[test]
    fn a_negative_key_is_a_key() {
        let Command::Apply(apply) = parse("efface apply p.yaml --subject -7 --subject 8").unwrap().command else {
            panic!("not apply")
        };
        assert_eq!(apply.subjects.subjects, ["-7", "8"]);
    }

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in [("0", 0), ("500ms", 500), ("2s", 2000), ("1min", 60_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["2", "", "s", "-1s", "1.5s", "2 s", "99999999999999999999s", "9999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn commands_of_other_versions_are_refused_as_usage() {
        for command in ["export", "request", "replay"] {
            let error = parse(&format!("efface {command}")).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{command}");
        }
    }

    #[test]
    fn the_database_url_is_not_printed_by_help() {
        let help = Arguments::command().find_subcommand_mut("plan").map(|plan| {
            plan.clone().mut_arg("database", |arg| arg.env("EFFACE_TEST_URL")).render_long_help().to_string()
        });
        assert!(help.unwrap().contains("[env: EFFACE_TEST_URL]"));
    }
}

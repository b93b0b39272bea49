//! The lines below each `--help` work as they stand there, on the fitness club.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::Db;
use crate::tool::psql;

const SCHEMA: &str = include_str!("../../examples/fitness-club/schema.sql");
const DATA: &str = include_str!("../../examples/fitness-club/data.sql");

/// The examples of a command, and of those inside of it; each as it stands there.
fn examples(command: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_efface")).args(command.split_whitespace()).arg("--help").output();
    let text = String::from_utf8(output.expect("efface runs").stdout).expect("text");
    let (_, below) = text.split_once("Examples:\n").unwrap_or_else(|| panic!("`{command} --help` has no examples"));
    below.lines().take_while(|line| line.starts_with("  efface ")).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_example_works_on_the_fitness_club() {
    let db = Db::bare();
    db.sql(SCHEMA);
    db.sql("set club.clients = '100'");
    db.sql(DATA);
    db.sql("do $$ begin if not exists (select from pg_roles where rolname = 'efface') then create role efface; end if; end $$");
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let policy = include_str!("../../policies/client-erasure.yaml");
    std::fs::create_dir(at("policies")).expect("a folder");
    std::fs::write(at("policies/client-erasure.yaml"), policy).expect("a file");
    // A retention run: the newest client is expired.
    let inactive = policy.replace("  where: role = 'client'", "  where: role = 'client'\n  expired_when: id = 44");
    let inactive = inactive.replace("name: client-erasure", "name: inactive-clients");
    std::fs::write(at("policies/inactive-clients.yaml"), inactive).expect("a file");
    std::fs::write(at("leavers.txt"), "42\n").expect("a file");
    std::fs::write(at("people.txt"), "nobody-has-this-value\n").expect("a file");
    // The main branch's files, beside those of a change.
    std::fs::create_dir_all(at("base/policies")).expect("a folder");
    std::fs::write(at("policies/x.yaml"), policy.replace("town: null", "town: keep")).expect("a file");
    std::fs::write(at("base/policies/x.yaml"), policy).expect("a file");
    for folder in ["policies", "base/policies"] {
        std::fs::write(at(folder).join("catalog.json"), include_str!("../../policies/catalog.json")).expect("a file");
    }
    std::fs::write(at("values.txt"), "nobody-has-this-value\n").expect("a file");
    // `postgresql:///name?host=…&user=…`
    let (name, rest) = db.url().trim_start_matches("postgresql:///").split_once('?').expect("a URL of the harness");
    let service = format!("[club]\ndbname={name}\n{}\n", rest.replace('&', "\n"));
    std::fs::write(at("service.conf"), service).expect("a file");
    for home in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
        std::fs::create_dir_all(at(home)).expect("a folder");
    }
    // In the order in which somebody would type them: what one writes another one reads.
    let commands = [
        "ledger init",
        "",
        "ledger",
        "catalog",
        "check",
        "init",
        "plan",
        "snapshot",
        "plan diff",
        "graph",
        "find",
        "rehearse",
        "grants",
        "explain",
        "schema",
        "completions",
        "apply",
        "verify",
        "ledger list",
        "ledger export",
        "ledger verify",
        "ledger disable",
        "ledger enable",
    ];
    let mut tried = 0;
    for line in commands.iter().flat_map(|command| examples(command)) {
        // `demo` starts a server of its own, and has its own test; a receipt is there after `apply`.
        if line.starts_with("efface demo") || line.contains("postgresql://localhost") {
            continue;
        }
        tried += 1;
        let apply = line.starts_with("efface apply policies/client-erasure.yaml") && !line.contains("--yes");
        let line = if apply { line.replace("--subject 42", "--subject 45 --yes") } else { line };
        let line = if line.contains("--plan plan.json") { line.replace("42", "46 --yes") } else { line };
        let line = line.replace("efface find - ", "efface find - < values.txt ");
        let (code, said) = in_bash(&db, folder.path(), &line);
        // What the example is about may be found: who owes money, whom `verify` still knows.
        assert!(
            code == 0
                || (code == 1
                    && (line.starts_with("efface find --policy")
                        || said.contains("outstanding payments")
                        || said.contains("unused credits")
                        || said.contains("left to do"))),
            "{line}: {code} {said}"
        );
    }
    assert!(tried > 40, "only {tried}");
}

/// Runs a line as somebody at a shell would; `psql` is that of the machine.
fn in_bash(db: &Db, folder: &Path, line: &str) -> (i32, String) {
    let mut command = Command::new("bash");
    let efface = env!("CARGO_BIN_EXE_efface");
    let psql = psql().get_program().to_string_lossy().into_owned();
    command.arg("-c").arg(format!(
        "set -o pipefail; efface() {{ '{efface}' \"$@\"; }}; less() {{ cat; }}; dot() {{ cat; }}; jq() {{ grep -o '\"digest\": \"[0-9a-f]*\"' \"$3\" | head -n 1 | cut -d '\"' -f 4; }}; \
         psql() {{ command '{psql}' -X -q -v ON_ERROR_STOP=1 \"$DATABASE_URL\" \"$@\"; }}; {line}"
    ));
    command.current_dir(folder).env("DATABASE_URL", db.url()).env("HOME", folder);
    command.env("PGSERVICEFILE", folder.join("service.conf"));
    let output = command.stdin(Stdio::null()).output().expect("bash runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

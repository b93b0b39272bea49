//! `efface verify`: is somebody still gone?

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::arguments::{Format, VerifyArguments};
use super::failure::{Exit, Failure};
use super::judge;
use super::load::{self, Live, Loaded, Wanted};
use super::output::Output;
use super::whose::{Kind, Whose, is_stdin};
use crate::ident::{TableName, shown};
use crate::plan::StepAction;
use crate::review::{
    FoundColumn, GuardedRows, LedgerKnows, LeftRows, SearchedValues, UnsearchedRelation, VERIFICATION_FORMAT,
    Verification,
};
use crate::server::ledger::{self, Ledger};
use crate::server::verify;
use crate::sql::{LeftAbout, Remains, Sql, ledger_questions, left_questions, left_settings};

pub(super) async fn run(arguments: &VerifyArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_file(&arguments.policy)?;
    let whose = Whose::read(&arguments.subjects)?;
    if whose == Whose::Expired {
        return Err(Failure::usage("`--expired` says who is to be erased now, not who was")
            .help("name subjects with `--subject`, or a file of them with `--subjects-from`"));
    }
    let kind = whose.suits(&file)?;
    let both = [arguments.subjects.subjects_from.as_deref(), arguments.values_from.as_deref()];
    if both.into_iter().flatten().filter(|path| is_stdin(path)).count() > 1 {
        let failure = Failure::usage("subjects and values can't both come from standard input");
        return Err(failure.help("give one of them in a file"));
    }
    let values = arguments.values_from.as_deref().map(values).transpose()?;
    let live = load::live(&arguments.database, "efface verify", output).await?;
    let catalog = load::introspected(&live, output).await?;
    let loaded = load::load(file, Wanted { whose: &whose, ledger: false }, &catalog, output)?;
    judge::believable(&live, &loaded, output).await?;
    let keys = whose.all_keys(&loaded)?;
    let mut found = left(&live, &loaded, &keys, kind, output).await?;
    if let Some(values) = values {
        found.values = Some(search(&live, &loaded, &values, arguments.everywhere, output).await?);
    }
    output.result(&match arguments.format {
        Format::Text => found.text(),
        Format::Json => found.json(),
    })?;
    if found.has_findings() { Err(Failure { exit: Exit::Findings, ..Failure::printed() }) } else { Ok(()) }
}

/// What the scopes of the policy's steps and its guards find.
async fn left(
    live: &Live,
    loaded: &Loaded,
    keys: &[Vec<String>],
    kind: Kind,
    output: &Output,
) -> Result<Verification, Failure> {
    let client = &live.connection.client;
    let (plan, catalog) = (&loaded.plan, &loaded.catalog);
    let failed = |error| Failure::server(error, output.detail);
    let questions = left_questions(plan, catalog);
    let (settings, takes) = left_settings(plan, catalog);
    let takes: Vec<Sql> = takes.into_iter().map(|(sql, _)| sql).collect();
    let has_ledger = matches!(ledger::look(client).await.map_err(failed)?, Ledger::Ready { .. });
    let ledger = (has_ledger && kind == Kind::Subjects).then(|| ledger_questions(plan, catalog));
    let about =
        verify::About { settings: &settings, takes: &takes, keys, questions: &questions, ledger: ledger.as_ref() };
    let answers = verify::ask(client, &about).await.map_err(failed)?;
    let mut found = Verification {
        format: VERIFICATION_FORMAT,
        efface: env!("CARGO_PKG_VERSION").into(),
        policy: loaded.policy.name.clone(),
        subjects: keys.first().map_or(0, |keys| keys.iter().collect::<BTreeSet<_>>().len() as u64),
        ledger: answers.known.map(|(subjects, entry)| LedgerKnows { subjects, entry }),
        left: Vec::new(),
        untold: Vec::new(),
        guards: Vec::new(),
        values: None,
    };
    for (about, rows) in verify::answered(&questions, &answers).into_iter().filter(|(_, rows)| *rows > 0) {
        match about {
            LeftAbout::Step(index, what) => {
                let step = &plan.steps[*index];
                let left = LeftRows {
                    table: catalog.table(step.table).name.bare().to_string(),
                    rule: step.name.clone(),
                    action: match step.action {
                        StepAction::Delete => "delete".into(),
                        StepAction::Change(_) => "change".into(),
                    },
                    rows,
                };
                match what {
                    Remains::ToDelete | Remains::ToChange => found.left.push(left),
                    Remains::Untold => found.untold.push(left),
                }
            }
            LeftAbout::Guard(index) => {
                found.guards.push(GuardedRows { guard: plan.guards[*index].name.clone(), rows });
            }
        }
    }
    Ok(found)
}

/// Where values are: in the policy's tables and those that its triggers mention, or everywhere.
async fn search(
    live: &Live,
    loaded: &Loaded,
    values: &[String],
    everywhere: bool,
    output: &Output,
) -> Result<SearchedValues, Failure> {
    let (plan, catalog) = (&loaded.plan, &loaded.catalog);
    let decided = loaded.policy.rules.iter().map(|rule| rule.table);
    let locked = plan.table_locks.iter().map(|(table, _)| *table);
    let names: BTreeSet<TableName> = decided.chain(locked).map(|table| catalog.table(table).name.clone()).collect();
    let mentioned: BTreeSet<TableName> = plan.triggers.iter().flat_map(|fired| fired.mentions.clone()).collect();
    let wanted = |name: &TableName| everywhere || names.contains(name) || mentioned.contains(name);
    let found = verify::find(&live.connection.client, values, wanted).await;
    let found = found.map_err(|error| match error {
        verify::FindError::TooMany => Failure::usage("too many values to be looked for at once")
            .help("split the file, and look for each part: about a hundred values fit"),
        verify::FindError::Server(error) => Failure::server(error, output.detail),
    })?;
    let distinct = values.iter().map(|value| value.trim()).collect::<BTreeSet<_>>().len() as u64;
    Ok(SearchedValues {
        values: distinct.saturating_sub(found.too_short),
        too_short: found.too_short,
        relations: found.relations,
        found: (found.places.into_iter())
            .map(|(relation, column, rows)| FoundColumn {
                relation: relation.bare().to_string(),
                column: column.bare().to_string(),
                rows,
            })
            .collect(),
        not_searched: (found.not_searched.into_iter())
            .map(|(relation, because)| UnsearchedRelation { relation: relation.bare().to_string(), because })
            .collect(),
    })
}

/// The values to look for, one in each line.
fn values(path: &Path) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    let read = if is_stdin(path) {
        std::io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| {
        let failure = Failure { exit: Exit::Usage, ..Failure::file(path, "reading", &error) };
        failure.help("`--values-from` takes UTF-8 text with a value in each line, or `-` for standard input")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.contains('\0') {
        return Err(Failure::usage("the values hold a NUL character").help("save the file as UTF-8 text"));
    }
    let values: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    if values.is_empty() {
        let failure = Failure::usage(format!("`{}` names no value", shown(&path.to_string_lossy())));
        return Err(failure.help("write a value in each line"));
    }
    Ok(values)
}

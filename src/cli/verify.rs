//! `efface verify`: is somebody still gone?

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Format, VerifyArguments};
use super::failure::{Exit, Failure};
use super::load::{self, Live, Loaded, Wanted};
use super::output::Output;
use super::values::{self, Line};
use super::whose::{Kind, Whose, is_stdin};
use super::{find, judge};
use crate::ident::{Ident, TableName};
use crate::plan::StepAction;
use crate::review::{
    FoundColumn, GuardedRows, LedgerKnows, LeftRows, SearchedValues, UnsearchedRelation, VERIFICATION_FORMAT,
    Verification,
};
use crate::server::find::{How, Relation, Sought};
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
    let values =
        arguments.values_from.as_deref().map(|path| values::read(path, "`--values-from`", output)).transpose()?;
    let live = load::live(&arguments.database, "efface verify", output).await?;
    let catalog = load::introspected(&live, output).await?;
    let loaded = load::load(file, Wanted { whose: &whose, ledger: false }, &catalog, output)?;
    judge::believable(&live, &loaded, output).await?;
    let keys = whose.all_keys(&loaded)?;
    let mut found = left(&live, &loaded, &keys, kind, output).await?;
    if let Some(values) = values {
        found.values = Some(search(&live, &loaded, &values, arguments, output).await?);
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
    lines: &[Line],
    arguments: &VerifyArguments,
    output: &Output,
) -> Result<SearchedValues, Failure> {
    let (plan, catalog) = (&loaded.plan, &loaded.catalog);
    let decided = loaded.policy.rules.iter().map(|rule| rule.table);
    let locked = plan.table_locks.iter().map(|(table, _)| *table);
    let names: BTreeSet<TableName> = decided.chain(locked).map(|table| catalog.table(table).name.clone()).collect();
    let mentioned: BTreeSet<TableName> = plan.triggers.iter().flat_map(|fired| fired.mentions.clone()).collect();
    // A partition is looked through as itself, and told as its table.
    let whole = |relation: &Relation| relation.root.clone().unwrap_or_else(|| relation.name.clone());
    let is_wanted = |relation: &Relation| {
        let of = [&relation.name, &whole(relation)];
        arguments.everywhere || of.iter().any(|name| names.contains(*name) || mentioned.contains(*name))
    };
    let mut relations = BTreeSet::new();
    let choose = |all: Vec<Relation>| {
        let wanted: Vec<Relation> = all.into_iter().filter(|relation| is_wanted(relation)).collect();
        relations = wanted.iter().map(whole).collect();
        wanted
    };
    let distinct = lines.iter().filter(|line| line.same_as.is_none());
    let sought: Vec<Sought> = distinct.map(|line| Sought { number: line.number, value: line.value.clone() }).collect();
    let how = How { timeout: arguments.searching.timeout(), ..How::default() };
    let found = find::search(live, &sought, &how, &arguments.searching, choose, output).await?;
    let mut columns: BTreeMap<(TableName, Ident), u64> = BTreeMap::new();
    for place in &found.places {
        let relation = place.root.clone().unwrap_or_else(|| place.relation.clone());
        *columns.entry((relation, place.column.clone())).or_default() += place.rows;
    }
    Ok(SearchedValues {
        values: found.looked_for.len() as u64,
        too_short: (sought.len() - found.looked_for.len()) as u64,
        relations: relations.len() as u64,
        found: (columns.into_iter())
            .map(|((relation, column), rows)| FoundColumn {
                relation: relation.bare().to_string(),
                column: column.bare().to_string(),
                rows,
            })
            .collect(),
        not_searched: (found.not_searched.into_iter())
            .map(|(relation, column, because)| UnsearchedRelation {
                relation: match column {
                    Some(column) => format!("{}.{}", relation.bare(), column.bare()),
                    None => relation.bare().to_string(),
                },
                because,
            })
            .collect(),
    })
}

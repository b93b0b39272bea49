//! `efface init`: a first policy from the schema.

use super::arguments::InitArguments;
use super::failure::Failure;
use super::judge;
use super::load::{self, Live, Wanted};
use super::output::{Output, write_file};
use super::whose::Whose;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::draft::{self, Draft, DraftError, Drafting, Facts, Request};
use crate::ident::{Ident, TableName, shown};
use crate::review::count;
use crate::server::sample;

/// Each settles at least one guess.
const MOST_TRIALS: usize = 30;

pub(super) async fn run(arguments: &InitArguments, output: &Output) -> Result<(), Failure> {
    if let Some(path) = arguments.out.as_deref().filter(|path| !arguments.overwrite && path.exists()) {
        let name = shown(&path.to_string_lossy()).to_string();
        let failure = Failure::usage(format!("`{name}` is there already"));
        return Err(failure.help("write to another file, or add `--overwrite` if what it holds may be lost"));
    }
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    let names = |written: &[String]| written.iter().map(|name| table_name(name, &catalog)).collect();
    let mut request = Request {
        subject: table_name(&arguments.subject, &catalog),
        key: Vec::new(),
        delete: names(&arguments.delete),
        keep: names(&arguments.keep),
        sampled: None,
    };
    if let Some(both) = request.delete.iter().find(|name| request.keep.contains(name)) {
        let failure = Failure::usage(format!("rows of table `{}` are to go and to stay", both.bare()));
        return Err(
            failure.help("name it behind `--delete` or behind `--keep`, or behind neither, and decide in the file")
        );
    }
    request.key = arguments.key.iter().flat_map(|key| key.split(',')).map(|name| Ident::from(name.trim())).collect();
    let refused = |error: DraftError| words(&error);
    let reached = draft::reached(&request, &catalog).map_err(refused)?;
    let facts = match &live {
        Some(live) => facts(live, &catalog, &reached, arguments, &mut request, output).await?,
        None => Facts::default(),
    };
    let mut drafting = Drafting::begin(&request, &catalog, &facts).map_err(refused)?;
    if let Some(live) = live.as_ref().filter(|_| !arguments.no_sample) {
        // A CHECK or a cast the server alone can judge, and it looks at rows for it.
        for _ in 0..MOST_TRIALS {
            let wanted = Wanted { whose: &Whose::nobody_yet(), ledger: true };
            let examined = judge::examine(drafting.trial(), wanted, &catalog, Some(live), output).await?;
            let report = match examined {
                Ok((loaded, _)) => loaded.warnings,
                Err((_, report)) => report,
            };
            if !drafting.learn(&report) {
                break;
            }
        }
    }
    let draft = drafting.finish();
    match &arguments.out {
        Some(path) => write_file(path, &draft.text)?,
        None => output.result(&draft.text)?,
    }
    told(&draft, arguments, output);
    Ok(())
}

/// Looks at the database: the order of columns, comments, and samples unless nobody wants them.
async fn facts(
    live: &Live,
    catalog: &Catalog,
    tables: &[TableName],
    arguments: &InitArguments,
    request: &mut Request,
    output: &Output,
) -> Result<Facts, Failure> {
    let client = &live.connection.client;
    let failed = |error| Failure::server(error, output.detail);
    let mut facts = sample::columns(client, tables).await.map_err(failed)?;
    if arguments.no_sample {
        return Ok(facts);
    }
    request.sampled = Some(usize::from(arguments.sample));
    for name in tables {
        let about = facts.tables.entry(name.clone()).or_default();
        let objection =
            sample::look(client, catalog, name, usize::from(arguments.sample), about).await.map_err(failed)?;
        tracing::debug!(table = %name.bare(), "looked at rows");
        if let Some(objection) = objection {
            let why = match objection.sqlstate.as_str() {
                "42501" => "the role may not read it",
                "57014" | "55P03" => "it took too long",
                _ => "the server refused",
            };
            output.warn(format!("table `{}` was not sampled: {why} ({})", name.bare(), objection.sqlstate));
        }
    }
    Ok(facts)
}

/// The table that is meant: as a policy writes it, or the only one of that name in any schema.
fn table_name(written: &str, catalog: &Catalog) -> TableName {
    let read = crate::policy::table_name(written).unwrap_or_else(|_| TableName::new("public", written));
    if catalog.table_id(&read).is_some() || written.contains('.') {
        return read;
    }
    let mut others = catalog.tables.iter().map(|table| &table.name).filter(|name| name.name == read.name);
    match (others.next(), others.next()) {
        (Some(only), None) => only.clone(),
        _ => read,
    }
}

fn told(draft: &Draft, arguments: &InitArguments, output: &Output) {
    let some = |number: usize, what: &str| (number > 0).then(|| count(number as u64, what));
    let marks: Vec<String> =
        [some(draft.columns, "column"), some(draft.tables, "table")].into_iter().flatten().collect();
    let follow = match draft.following {
        0 => String::new(),
        more => format!(", and {} that hang on these", count(more as u64, "table")),
    };
    let marks = match &marks[..] {
        [] => "nothing is marked `undecided`".to_owned(),
        some => format!("{} undecided{follow}", some.join(" and ")),
    };
    let file = match &arguments.out {
        Some(path) => shown(&path.to_string_lossy()).to_string(),
        None => "FILE".to_owned(),
    };
    output.say(format!("a first policy: {marks}"));
    for finding in &draft.left {
        output.warn(format!("`efface check` will find this whatever is decided: {}", in_one_line(finding)));
    }
    output.say(format!("next: decide what is marked, read the rest, then `efface check {file}`"));
}

fn in_one_line(finding: &Diagnostic) -> String {
    format!("{} [{}]", finding.message, finding.code.name())
}

fn words(error: &DraftError) -> Failure {
    let failure = Failure::findings(error.to_string());
    let spelled = |keys: &[Vec<Ident>]| {
        let one = |key: &Vec<Ident>| key.iter().map(|name| name.bare().to_string()).collect::<Vec<_>>().join(",");
        keys.iter().map(|key| format!("`--key {}`", one(key))).collect::<Vec<_>>().join(" or ")
    };
    match error {
        DraftError::NoTable { near, .. } => match &near[..] {
            [] => failure.help("name the table of the persons as `\\dt` in psql shows it; outside of `public`, with its schema: `--subject club.users`"),
            near => {
                let names: Vec<String> = near.iter().map(|name| format!("`--subject {}`", name.bare())).collect();
                failure.help(format!("did you mean {}?", names.join(" or ")))
            }
        },
        DraftError::NotReached { .. } => {
            failure.help("leave it out of `--delete` and `--keep`, or have a foreign key lead from it to the person")
        }
        DraftError::NotATable { about, .. } => match &about[..] {
            [] => failure.help("name the table that holds the persons"),
            about => {
                let names: Vec<String> = about.iter().map(|name| format!("`--subject {}`", name.bare())).collect();
                failure.help(format!("name the table behind it: {}", names.join(" or ")))
            }
        },
        DraftError::NoKey { keys, .. } | DraftError::BadKey { keys, .. } => match &keys[..] {
            [] => failure
                .note("no columns of it are unique and NOT NULL together")
                .help("give the table a key: `ALTER TABLE … ADD PRIMARY KEY (…)`"),
            keys => failure.help(format!("say which columns tell persons apart: {}", spelled(keys))),
        },
    }
}

//! `efface find`: where in this database do some values stand?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{FindArguments, Format, Searching, Subjects};
use super::failure::{Exit, Failure};
use super::judge;
use super::load::{self, Live, Wanted};
use super::output::Output;
use super::rehearse::interrupted;
use super::values::{self, Line};
use super::whose::{Whose, is_stdin};
use crate::ident::{TableName, shown};
use crate::policy::table_name;
use crate::review::{
    FIND_FORMAT, FoundKeys, FoundPath, FoundPlace, FoundValue, NotSearched, Search, SearchOutcome, SetAside, Which,
    count,
};
use crate::server::connect;
use crate::server::find::{self, FindError, Found, How, Progress, Relation, Sought};
use crate::server::verify;
use crate::sql::{Details, Paths, Sql, known_values, left_settings};

pub(super) async fn run(arguments: &FindArguments, output: &Output) -> Result<(), Failure> {
    let filter = Filter::read(arguments)?;
    let (live, given) = match &arguments.policy {
        None => {
            let lines = lines(arguments, output)?;
            (load::live(&arguments.database, "efface find", output).await?, of_lines(&lines))
        }
        Some(_) => of_subjects(arguments, output).await?,
    };
    if arguments.keys {
        output.warn("keys of rows are printed: a key can be personal too, where it is an e-mail address for instance");
    }
    let how = How {
        details: Details {
            keys: arguments.keys.then_some(arguments.max_keys),
            paths: if arguments.paths { Paths::All } else { Paths::Known },
            other_encoding: false,
        },
        timeout: arguments.searching.timeout(),
        short: arguments.short,
    };
    let mut chosen = Chosen::default();
    let choose = |all: Vec<Relation>| {
        let (relations, found) = filter.choose(all);
        chosen = found;
        relations
    };
    let found = search(&live, &given.sought, &how, &arguments.searching, choose, output).await?;
    if !chosen.unknown.is_empty() {
        let names: Vec<_> = chosen.unknown.iter().map(|name| format!("`{}`", shown(name))).collect();
        let failure = Failure::usage(format!("nothing that could hold texts is called {}", names.join(", ")));
        return Err(failure.help("`--schema` takes a schema's name, `--table` and `--exclude` take `table` or `schema.table`, as `\\d` shows them"));
    }
    let search = told(given, found, chosen.left_out, arguments.keys);
    output.result(&match arguments.format {
        Format::Text => search.text(),
        Format::Json => search.json(),
    })?;
    match search.outcome {
        SearchOutcome::Nothing => Ok(()),
        SearchOutcome::Found | SearchOutcome::Unknown => Err(Failure { exit: Exit::Findings, ..Failure::printed() }),
    }
}

/// Values to look for, and what each number means.
struct Given {
    sought: Vec<Sought>,
    which: BTreeMap<u32, Which>,
    set_aside: Vec<SetAside>,
}

/// The file's or standard input's lines; what isn't a file can only be a value, which is not repeated.
fn lines(arguments: &FindArguments, output: &Output) -> Result<Vec<Line>, Failure> {
    let never =
        "values are never taken from the command line: other users of the machine see it, and the shell remembers it";
    let feed = "write `efface find -` and give the values on standard input, one in each line; or name a file of them";
    match &arguments.values[..] {
        [] => Err(Failure::usage("no values are given")
            .help(format!("{feed}; or look for a person's with `--policy FILE --subject KEY`"))),
        [path] if is_stdin(path) || path.is_file() => values::read(path, "`efface find`", output),
        // A pipe of a shell: `efface find <(…)`.
        [path] if path.exists() && !path.is_dir() => values::read(path, "`efface find`", output),
        [path] if path.is_dir() => Err(Failure::usage("the argument is a folder").help(feed)),
        [_] => Err(Failure::usage("there is no file of the name that is given").note(never).help(feed)),
        [_, _, ..] => Err(Failure::usage("more than one argument").note(never).help(feed)),
    }
}

fn of_lines(lines: &[Line]) -> Given {
    let mut given = Given { sought: Vec::new(), which: BTreeMap::new(), set_aside: Vec::new() };
    for line in lines {
        match line.same_as {
            // It is found with the first.
            Some(_) => {}
            None => {
                given.which.insert(line.number, Which::Line(line.number));
                given.sought.push(Sought { number: line.number, value: line.value.clone() });
                let other = values::canonical(&line.value);
                given.sought.extend(other.map(|value| Sought { number: line.number, value }));
            }
        }
    }
    given
}

/// The values that the database knows of somebody, by the policy that would erase them.
async fn of_subjects(arguments: &FindArguments, output: &Output) -> Result<(Live, Given), Failure> {
    let path = arguments.policy.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    if !arguments.values.is_empty() {
        return Err(Failure::usage("values are given twice: by a file or `-`, and by `--policy` with `--subject`")
            .help("look for one of them at a time"));
    }
    let subjects = Subjects {
        subjects: arguments.subjects.clone(),
        subjects_from: arguments.subjects_from.clone(),
        expired: false,
    };
    let file = load::policy_file(path)?;
    let whose = Whose::read(&subjects)?;
    if whose.suits(&file)? == super::whose::Kind::EveryRow {
        return Err(Failure::usage("the policy is for every row, and knows no subject")
            .help("give the values with `efface find -`"));
    }
    let live = load::live(&arguments.database, "efface find", output).await?;
    let catalog = load::introspected(&live, output).await?;
    let loaded = load::load(file, Wanted { whose: &whose, ledger: false }, &catalog, output)?;
    judge::believable(&live, &loaded, output).await?;
    let keys = whose.all_keys(&loaded)?;
    let (plan, catalog) = (&loaded.plan, &loaded.catalog);
    let (settings, takes) = left_settings(plan, catalog);
    let takes: Vec<Sql> = takes.into_iter().map(|(sql, _)| sql).collect();
    let known = known_values(plan, catalog, arguments.all_values);
    let questions: Vec<&Sql> = known.iter().map(|(_, sql)| sql).collect();
    let client = &live.connection.client;
    let values = verify::values(client, &settings, &takes, &keys, &questions).await;
    let values = values.map_err(|error| Failure::server(error, output.detail))?;
    let mut given = Given { sought: Vec::new(), which: BTreeMap::new(), set_aside: Vec::new() };
    let mut named: Vec<(String, Vec<String>)> = known.into_iter().map(|(name, _)| name).zip(values).collect();
    let named_itself = plan.gone.iter().flat_map(|gone| &gone.values).any(|values| values.column.is_none());
    if plan.subject.table().is_none() || named_itself {
        named.push((":subject".into(), keys.concat()));
    }
    for (number, (name, values)) in (1..).zip(named) {
        let values: BTreeSet<String> =
            values.iter().map(|value| value.trim().to_owned()).filter(|it| !it.is_empty()).collect();
        if !values.is_empty() {
            given.which.insert(number, Which::Column(name));
            given.sought.extend(values.into_iter().map(|value| Sought { number, value }));
        }
    }
    if given.sought.is_empty() {
        let failure =
            Failure::findings("the database knows no values of these subjects that the policy would take away");
        return Err(failure.help("whoever still has them gives them to `efface find -`"));
    }
    Ok((live, given))
}

/// What of all relations is looked through.
struct Filter {
    schemas: Vec<String>,
    tables: Vec<(String, TableName)>,
    exclude: Vec<(String, TableName)>,
}

/// What a filter did.
#[derive(Default)]
struct Chosen {
    left_out: u64,
    /// What was named and isn't there.
    unknown: Vec<String>,
}

impl Filter {
    fn read(arguments: &FindArguments) -> Result<Self, Failure> {
        let names = |names: &[String]| -> Result<Vec<_>, Failure> {
            let name = |text: &String| {
                let name = table_name(text).map_err(|why| {
                    Failure::usage(format!("`{}` is no name of a table: {why}", shown(text)))
                        .help("`table` or `schema.table`; a part with a dot or a quote stands in double quotes")
                })?;
                Ok((text.clone(), name))
            };
            names.iter().map(name).collect()
        };
        Ok(Self {
            schemas: arguments.schemas.clone(),
            tables: names(&arguments.tables)?,
            exclude: names(&arguments.exclude)?,
        })
    }

    fn choose(&self, all: Vec<Relation>) -> (Vec<Relation>, Chosen) {
        let is = |relation: &Relation, name: &TableName| relation.name == *name || relation.root.as_ref() == Some(name);
        let known_schema = |schema: &&String| all.iter().any(|it| it.name.schema.as_str() == schema.as_str());
        let unknown_schemas = self.schemas.iter().filter(|schema| !known_schema(schema)).cloned();
        let known = |(_, name): &&(String, TableName)| all.iter().any(|it| is(it, name));
        let unknown = self.tables.iter().chain(&self.exclude).filter(|it| !known(it)).map(|(text, _)| text.clone());
        let unknown: Vec<String> = unknown_schemas.chain(unknown).collect();
        let wanted = |it: &Relation| {
            let all = self.schemas.is_empty() && self.tables.is_empty();
            let named = self.schemas.iter().any(|schema| it.name.schema.as_str() == schema)
                || self.tables.iter().any(|(_, name)| is(it, name));
            (all || named) && !self.exclude.iter().any(|(_, name)| is(it, name))
        };
        let before = all.len();
        // Nothing is looked through where a name can't be meant.
        let relations: Vec<Relation> = all.into_iter().filter(|it| unknown.is_empty() && wanted(it)).collect();
        let left_out = (before - relations.len()) as u64;
        (relations, Chosen { left_out, unknown })
    }
}

/// Looks through the database over several sessions; Ctrl-C ends what they do.
pub(super) async fn search(
    live: &Live,
    sought: &[Sought],
    how: &How,
    searching: &Searching,
    choose: impl FnOnce(Vec<Relation>) -> Vec<Relation>,
    output: &Output,
) -> Result<Found, Failure> {
    let name = live.connection.name.as_deref().unwrap_or("efface find");
    let more = (1..searching.jobs).map(|_| connect(&live.settings, name));
    let (mut others, mut refused) = (Vec::new(), None);
    for connected in join_all(more).await {
        match connected {
            Ok(connection) => others.push(connection),
            Err(error) => refused = Some(error),
        }
    }
    if let Some(error) = refused {
        let sessions = count(1 + others.len() as u64, "session");
        output.warn(format!("only {sessions} for the search: {error}"));
    }
    let connections = || std::iter::once(&live.connection).chain(&others);
    let clients: Vec<_> = connections().map(|connection| &connection.client).collect();
    let bar = Bar::new(output);
    let found = {
        let searched = find::find(&clients, sought, how, choose, &bar);
        tokio::select! {
            found = searched => found,
            () = interrupted() => {
                bar.end();
                let cancels = connections().map(|connection| connection.cancel.cancel());
                // Who can't be asked to stop sees within a second that nobody is there any more.
                let _ = tokio::time::timeout(Duration::from_secs(2), join_all(cancels)).await;
                return Err(Failure::new(Exit::Interrupted, "interrupted; nothing was changed"));
            }
        }
    };
    bar.end();
    for connection in others {
        connection.close().await;
    }
    found.map_err(|error| match error {
        FindError::TooMany => Failure::usage("too many values to be looked for at once")
            .help(format!("split the file, and look for each part: {} values fit", find::MOST_VALUES)),
        FindError::Logged => Failure::refused(error.to_string())
            .note("this role may neither set `log_parameter_max_length` nor make temporary tables here, whose data no log holds")
            .help("have somebody say ALTER ROLE … SET log_parameter_max_length = 0, or GRANT TEMPORARY ON DATABASE"),
        FindError::Server(error) => Failure::server(error, output.detail),
    })
}

/// What is told of what was found.
fn told(given: Given, found: Found, left_out: u64, keys: bool) -> Search {
    let Given { which, mut set_aside, sought } = given;
    let is_long =
        |number: u32| sought.iter().any(|it| it.number == number && it.value.chars().count() > find::LONGEST_VALUE);
    let which_of = |number: u32| which.get(&number).cloned().unwrap_or(Which::Line(number));
    let looked_for: BTreeSet<u32> = found.looked_for.iter().copied().collect();
    for (number, value) in &which {
        if !looked_for.contains(number) {
            let because = match is_long(*number) {
                true => format!("more than {} characters", find::LONGEST_VALUE),
                false => {
                    "fewer than four characters, or no letter and no digit: `--short` looks for short ones too".into()
                }
            };
            set_aside.push(SetAside { value: value.clone(), because });
        }
    }
    let name = |name: &TableName| name.bare().to_string();
    let places = found.places.into_iter().map(|place| FoundPlace {
        relation: name(&place.relation),
        partition_of: place.root.as_ref().map(name),
        column: place.column.bare().to_string(),
        ty: shown(&place.ty).to_string(),
        rows: place.rows,
        values: place
            .values
            .iter()
            .map(|(number, rows)| FoundValue { value: which_of(*number), rows: *rows })
            .collect(),
        paths: (place.paths.into_iter())
            .map(|(path, rows)| FoundPath { path: shown(&path).to_string(), rows })
            .collect(),
        keys: keys.then(|| FoundKeys {
            columns: place.key.iter().map(|column| column.bare().to_string()).collect(),
            rows: place
                .keys
                .iter()
                .map(|key| key.iter().map(|part| part.as_ref().map(|part| shown(part).to_string())).collect())
                .collect(),
        }),
    });
    let places: Vec<FoundPlace> = places.collect();
    let not_searched: Vec<NotSearched> = (found.not_searched.iter())
        .map(|(relation, column, because)| NotSearched {
            relation: name(relation),
            column: column.as_ref().map(|column| column.bare().to_string()),
            because: because.clone(),
        })
        .collect();
    Search {
        format: FIND_FORMAT,
        efface: env!("CARGO_PKG_VERSION").into(),
        outcome: Search::outcome(&places, &not_searched, &set_aside),
        values: looked_for.len() as u64,
        set_aside,
        relations: found.relations,
        left_out,
        found: places,
        not_searched,
    }
}

/// How far a search is, on a terminal: by pages, since tables differ.
struct Bar {
    bar: Option<ProgressBar>,
    done: std::cell::Cell<(usize, usize)>,
}

impl Bar {
    fn new(output: &Output) -> Self {
        let bar = output.is_drawable().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {percent}%  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, done: std::cell::Cell::new((0, 0)) }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn begun(&self, relations: usize, pages: u64) {
        self.done.set((0, relations));
        if let Some(bar) = &self.bar {
            bar.set_length(pages + relations as u64);
        }
    }

    fn at(&self, relation: &TableName) {
        let (done, all) = self.done.get();
        tracing::debug!(relation = %relation.bare(), "looks through");
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{done} of {all} tables, {}", relation.bare()));
        }
    }

    fn done(&self, pages: u64) {
        let (done, all) = self.done.get();
        self.done.set((done + 1, all));
        if let Some(bar) = &self.bar {
            bar.inc(pages + 1);
        }
    }
}

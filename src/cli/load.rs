//! From a policy's file and a schema to a script: what every command begins with.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::arguments::{Database, Schema};
use super::failure::{Exit, Failure};
use super::output::Output;
use super::whose::{Whose, is_stdin};
use crate::catalog::{self, Catalog};
use crate::diagnostic::Report;
use crate::ident::shown;
use crate::plan::{Choice, Plan, plan_for};
use crate::policy;
use crate::resolve::{Resolved, ResolvedPolicy, resolve};
use crate::review::{Estimates, Reviewed};
use crate::server::introspect::introspect_alone;
use crate::server::{Connection, Settings, connect_first, standing};
use crate::source::SourceFile;
use crate::sql::{Script, script};

/// The name under which a folder of policies keeps its schema.
pub(super) const CATALOG: &str = "catalog.json";

/// A session, and the way to another one.
pub(super) struct Live {
    pub settings: Settings,
    pub connection: Connection,
}

/// A policy with everything that was made of it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub file: SourceFile,
    pub policy: ResolvedPolicy,
    /// The schema, with the policy's virtual foreign keys.
    pub catalog: Catalog,
    pub plan: Plan,
    pub script: Script,
    pub warnings: Report,
}

/// How a plan is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Whose rows.
    pub whose: &'a Whose,
    /// Whether runs enter themselves in the database's ledger.
    pub ledger: bool,
}

impl Loaded {
    /// For the page, the file and the receipt.
    pub fn reviewed<'a>(&'a self, estimates: &'a Estimates) -> Reviewed<'a> {
        Reviewed {
            file: &self.file,
            policy: &self.policy,
            catalog: &self.catalog,
            plan: &self.plan,
            script: &self.script,
            estimates,
            warnings: &self.warnings,
        }
    }
}

/// Refuses variables that can't be read, which would count as not set.
fn legible() -> Result<(), Failure> {
    let odd = std::env::vars_os().find(|(name, value)| {
        name.to_str().is_some_and(|name| name.starts_with("PG") || name == "DATABASE_URL") && value.to_str().is_none()
    });
    match odd {
        Some((name, _)) => Err(Failure::usage(format!("{} is not UTF-8", shown(&name.to_string_lossy())))),
        None => Ok(()),
    }
}

/// Connects as psql would.
pub(super) async fn live(database: &Database, application_name: &str, output: &Output) -> Result<Live, Failure> {
    legible()?;
    let candidates = Settings::candidates(database.database.as_deref(), &|name| std::env::var(name).ok())
        .map_err(|error| Failure::usage(error.to_string()))?;
    // Each has the same file of passwords.
    let warnings: BTreeSet<&String> = candidates.iter().flat_map(|settings| &settings.warnings).collect();
    warnings.into_iter().for_each(|warning| output.warn(warning));
    let (settings, connection) =
        connect_first(candidates, application_name).await.map_err(|error| Failure::server(error, output.detail))?;
    tracing::info!(pid = connection.backend_pid, "connected; the server's process");
    connection.warnings.iter().for_each(|warning| output.warn(warning));
    Ok(Live { settings, connection })
}

/// Reads the catalog of a live database.
pub(super) async fn introspected(live: &Live, output: &Output) -> Result<Catalog, Failure> {
    introspect_alone(&live.connection.client).await.map_err(|error| Failure::reading_the_schema(error, output.detail))
}

/// The catalog without what the role may not read: where that is asked of the server in full, with the GRANTs to say.
pub(super) fn as_if_readable(catalog: &Catalog) -> Catalog {
    let mut catalog = catalog.clone();
    catalog.observed.unreadable.clear();
    catalog
}

/// Refuses where nothing may be changed.
pub(super) async fn writable(live: &Live, output: &Output) -> Result<(), Failure> {
    let found = standing::read_only(&live.connection.client).await;
    let Some(found) = found.map_err(|error| Failure::server(error, output.detail))? else { return Ok(()) };
    let (message, note, help) = found.words();
    Err(Failure::refused(message).note(note).help(help))
}

/// The schema to hold a policy against: a file's, or a live one with its session.
pub(super) async fn catalog(schema: &Schema, output: &Output) -> Result<(Catalog, Option<Live>), Failure> {
    match &schema.catalog {
        Some(path) => Ok((catalog_file(path)?, None)),
        None => {
            let live = live(&schema.database, "efface", output).await?;
            Ok((introspected(&live, output).await?, Some(live)))
        }
    }
}

/// The policies named, and those in the folders named, sorted.
pub(super) fn policies(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut policies = Vec::new();
    for path in named {
        if !path.is_dir() {
            policies.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| Failure::file(path, "reading", &error))?;
        let before = policies.len();
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file(path, "reading", &error))?.path();
            if entry.is_file() && matches!(entry.extension().and_then(|it| it.to_str()), Some("yaml" | "yml")) {
                policies.push(entry);
            }
        }
        if policies.len() == before {
            return Err(Failure::usage(format!("`{}` holds no policy (*.yaml)", told(path))));
        }
    }
    policies.sort();
    policies.dedup();
    Ok(policies)
}

/// A schema that was written to a file.
pub(super) fn catalog_file(path: &Path) -> Result<Catalog, Failure> {
    let text = read(path)?;
    catalog::read(&text).map_err(|error| {
        let name = told(path);
        let failure = Failure::refused(format!("`{name}` is not a catalog that `efface catalog` wrote"));
        failure.note(error.to_string()).help("write one with `efface catalog --out catalog.json`")
    })
}

/// A policy's text under the name by which its messages and its script know it.
pub(super) fn policy_file(path: &Path) -> Result<SourceFile, Failure> {
    if is_stdin(path) {
        let failure = Failure::usage("the policy of a run is a file, and not standard input");
        return Err(failure.help("save it: what is reviewed, run and named in receipts has to be the same"));
    }
    Ok(SourceFile::new(display_name(path), read(path)?))
}

/// The same where nothing is run or kept: `-` is a policy that is being written, or another program's.
pub(super) fn policy_to_look_at(path: &Path) -> Result<SourceFile, Failure> {
    if is_stdin(path) { Ok(SourceFile::new("<stdin>", read(path)?)) } else { policy_file(path) }
}

/// Refuses standard input for two things at once.
pub(super) fn stdin_once(policy: &Path, schema: &Schema) -> Result<(), Failure> {
    if is_stdin(policy) && schema.catalog.as_deref().is_some_and(is_stdin) {
        let failure = Failure::usage("policy and catalog can't both come from standard input");
        return Err(failure.help("give one of them in a file"));
    }
    Ok(())
}

/// Reads a file of text that the command line names; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match is_stdin(path) {
        true => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        false => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| Failure { exit: Exit::Usage, ..Failure::file(path, "reading", &error) })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::findings(format!("`{}` is not UTF-8 text", shown(&path.to_string_lossy()))))
}

/// A path for people: whatever its bytes are, it repaints no terminal.
pub(super) fn told(path: &Path) -> String {
    shown(&path.to_string_lossy()).to_string()
}

/// A path as it stands in the script: the same from `policies/x.yaml`, `./policies/x.yaml` and its absolute path, since
/// the script's bytes are compared.
fn display_name(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let inside = path.strip_prefix(&here).unwrap_or(path);
    let parts: Vec<_> = inside
        .components()
        .filter(|part| *part != std::path::Component::CurDir)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if inside.is_absolute() { inside.to_string_lossy().into_owned() } else { parts.join("/") }
}

/// Reads, resolves, plans and writes; findings are printed as they come, errors of one stage together.
pub(super) fn load(
    file: SourceFile,
    wanted: Wanted<'_>,
    catalog: &Catalog,
    output: &Output,
) -> Result<Loaded, Failure> {
    match compile(file, wanted, catalog) {
        Ok(loaded) => {
            output.findings(&loaded.warnings, &loaded.file);
            Ok(loaded)
        }
        Err((file, report)) => {
            output.findings(&report, &file);
            Err(Failure::printed())
        }
    }
}

/// From text to script, or what was found. Where the policy doesn't say who is expired, [`Whose::suits`] has said so
/// before.
pub(super) fn compile(file: SourceFile, wanted: Wanted<'_>, catalog: &Catalog) -> Result<Loaded, (SourceFile, Report)> {
    let stages = || {
        let read = policy::read(&file)?;
        let mut warnings = read.warnings;
        let resolved = resolve(&read.value, catalog)?;
        warnings.extend(resolved.warnings);
        let Resolved { policy, catalog } = resolved.value;
        let choice = match wanted.whose {
            Whose::Given(_) => Choice::Given,
            Whose::Expired => Choice::expired(&policy).unwrap_or_default(),
        };
        let plan = plan_for(choice, &policy, &catalog)?;
        let plan = if wanted.ledger { plan.with_ledger() } else { plan };
        let script = script(&plan, &catalog, &file);
        Ok(Loaded { file: file.clone(), policy, catalog, plan, script, warnings })
    };
    stages().map_err(|report| (file.clone(), report))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_policies_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "a.sql", "notes.md"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = policies(&[folder.path().to_path_buf(), folder.path().join("b.yaml")]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yml", "b.yaml"]);
    }

    #[test]
    fn one_file_has_one_name() {
        let here = std::env::current_dir().unwrap();
        for path in ["policies/x.yaml", "./policies/x.yaml", "policies//x.yaml", "./policies/./x.yaml"] {
            assert_eq!(display_name(Path::new(path)), "policies/x.yaml");
        }
        assert_eq!(display_name(&here.join("policies/x.yaml")), "policies/x.yaml");
        assert_eq!(display_name(Path::new("../x.yaml")), "../x.yaml");
    }
}

//! The top of a policy: whose rows, what has to hold, and within which bounds.

use super::keys::{self, empty, shape};
use super::model::{Acceptance, Gone, Guard, Limits, Policy, ReportQuery};
use super::name;
use super::reach::Reach;
use super::rules::present;
use super::scalar::{Reader, Sql, Whose};
use super::yaml::{self, Kind, Node};
use crate::diagnostic::{Code, Diagnostic, Report, Warned};
use crate::ident::{Ident, shown};
use crate::source::{SourceFile, Span, Spanned};

/// Reads a policy: typed, with the place of everything, or with everything that is wrong with it.
pub fn read(file: &SourceFile) -> Result<Warned<Policy>, Report> {
    let mut report = Report::default();
    let node = yaml::read(file, &mut report);
    let mut reader = Reader { file, report, whose: Whose::Unknown };
    let policy = node.and_then(|node| reader.policy(&node));
    match policy {
        Some(policy) => reader.report.finish(policy),
        None => Err(reader.report),
    }
}

impl Reader<'_> {
    fn policy(&mut self, node: &Node) -> Option<Policy> {
        let map = match &node.kind {
            Kind::Map(map) => map,
            Kind::Empty => {
                let found =
                    Diagnostic::new(Code::EmptyValue, "the file holds no policy").at(Span::new(0, 0), "nothing here");
                self.report.push(found.help("a policy begins with `version: 1`"));
                return None;
            }
            Kind::Scalar(_) | Kind::List(_) => {
                self.report.push(shape(node, "a policy is a map").help("a policy begins with `version: 1`"));
                return None;
            }
        };
        let start = map.entries.first().map_or(node.span, |(key, _)| key.span);
        let fields = keys::fields(node, start, &keys::TOP, &mut self.report)?;
        let version = fields.require("version", &keys::TOP, &mut self.report);
        let version = version.is_some_and(|node| self.version(node));
        let name = fields.require("name", &keys::TOP, &mut self.report).and_then(|node| self.policy_name(node));
        let description = fields.entry("description").map(|(key, node)| self.text(node, key.span, "description"));
        let subject = self.whose(&fields, start);
        self.whose = Whose::of(subject.as_ref());
        let virtual_keys =
            fields.entry("virtual_foreign_keys").map_or_else(Vec::new, |(key, node)| self.virtual_keys(node, key.span));
        let search_path = match fields.entry("search_path") {
            Some((key, node)) => self.search_path(node, key.span),
            None => vec![Spanned::new("public".into(), name.as_ref().map_or(start, |name| name.span))],
        };
        let guards = fields.entry("guards").map_or_else(Vec::new, |(key, node)| self.guards(node, key.span));
        let tables = match fields.require("tables", &keys::TOP, &mut self.report) {
            Some(node) => self.tables(node, fields.entry("tables").map_or(start, |(key, _)| key.span)),
            None => Vec::new(),
        };
        let (unchanged, gone) =
            fields.entry("verify").map_or_else(Default::default, |(key, node)| self.verify(node, key.span));
        let limits = fields.entry("limits").map_or_else(Limits::default, |(key, node)| self.limits(node, key.span));
        let accept = fields.entry("accept").map_or_else(Vec::new, |(key, node)| self.accept(node, key.span));
        if !version {
            return None;
        }
        let description = present(description)?.map(|text| text.value);
        Some(Policy {
            name: name?,
            description,
            subject: subject?,
            virtual_keys,
            search_path,
            guards,
            tables,
            unchanged,
            gone,
            limits,
            accept,
        })
    }

    fn version(&mut self, node: &Node) -> bool {
        if node.word() == Some("1") {
            return true;
        }
        let found = Diagnostic::new(Code::UnsupportedVersion, "`version` is not the number 1");
        let found = found.at(node.span, "another version").help("write `version: 1`");
        self.report.push(found.note("this efface reads version 1 of the policy language"));
        false
    }

    fn policy_name(&mut self, node: &Node) -> Option<Spanned<String>> {
        let name = self.line(node, node.span, "name")?;
        if name.value.chars().count() <= 100 && !name.value.chars().any(char::is_control) {
            return Some(name);
        }
        let found = Diagnostic::new(Code::InvalidValue, "the policy's name is too long");
        let found = found.at(name.span, "at most 100 characters, all of them visible");
        self.report.push(found.help("write a short name, and the rest into `description`"));
        None
    }

    /// A table's name in a value.
    pub fn table_value(&mut self, node: &Node, owner: Span) -> Option<Spanned<crate::ident::TableName>> {
        // A name may hold whatever a name of the server's holds, a line break too.
        let text = self.text(node, owner, "table")?;
        self.table_name(&text)
    }

    /// One name or a list of names, each once; `None` where one of them can't be read.
    pub fn idents(&mut self, node: &Node, owner: Span, key: &str) -> Option<Vec<Spanned<Ident>>> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.report.push(empty(node.span, &format!("`{key}`")).help("write at least one name"));
                return None;
            }
            Kind::List(items) => items.as_slice(),
            Kind::Empty | Kind::Scalar(_) | Kind::Map(_) => std::slice::from_ref(node),
        };
        let mut idents: Vec<Spanned<Ident>> = Vec::new();
        let mut complete = true;
        for item in items {
            let owner = if matches!(item.kind, Kind::Empty) { owner } else { item.span };
            let Some(text) = self.name(item, owner, key) else {
                complete = false;
                continue;
            };
            // One name and nothing else: as under `columns`, it needs no SQL quoting.
            let ident = Ident::new(text.value.as_str());
            match idents.iter().find(|other| other.value == ident) {
                Some(first) => {
                    let found = Diagnostic::new(Code::DuplicateKey, format!("`{}` stands twice", ident.bare()));
                    let found = found.at(text.span, "again here").label(first.span, "first here");
                    self.report.push(found.help("leave one of them out"));
                    complete = false;
                }
                None => idents.push(Spanned::new(ident, text.span)),
            }
        }
        complete.then_some(idents)
    }

    /// A name in a value: `null` and the like are names there as everywhere else.
    fn name(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<String>> {
        match node.word() {
            Some(word) if word != "~" => Some(Spanned::new(word.to_owned(), node.span)),
            _ => self.named(node, owner, key),
        }
    }

    fn search_path(&mut self, node: &Node, owner: Span) -> Vec<Spanned<Ident>> {
        // An empty list is no slip here: names are then looked up in PostgreSQL's own schema only.
        if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
            return Vec::new();
        }
        let mut schemas = self.idents(node, owner, "search_path").unwrap_or_default();
        schemas.retain(|schema| {
            let name = schema.value.as_str();
            let own = name == "$user" || name.starts_with("pg_temp");
            if own {
                let found = Diagnostic::new(
                    Code::InvalidValue,
                    format!("`{}` is another schema for each role or session", name),
                );
                let found = found.at(schema.span, "the script would mean something else for another role");
                self.report.push(found.help("name the schemas themselves: `search_path: [public]`"));
            }
            !own
        });
        schemas
    }

    /// The items of a list that is not empty.
    pub fn items<'n>(&mut self, node: &'n Node, owner: Span, key: &str) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) if !items.is_empty() => return items,
            Kind::List(_) | Kind::Empty => {
                let found = empty(owner, &format!("`{key}`"));
                self.report.push(found.help(format!("leave `{key}` out, or write a list below it")));
            }
            Kind::Scalar(_) | Kind::Map(_) => {
                let found = shape(node, &format!("`{key}` is a list"));
                self.report.push(found.help("begin each entry with `- `"));
            }
        }
        &[]
    }

    fn guards(&mut self, node: &Node, owner: Span) -> Vec<Guard> {
        let items = self.items(node, owner, "guards");
        let guards: Vec<Guard> = items.iter().filter_map(|item| self.guard(item)).collect();
        let names: Vec<&Spanned<String>> = guards.iter().map(|guard| &guard.name).collect();
        self.distinct(&names, "guards");
        guards
    }

    fn guard(&mut self, node: &Node) -> Option<Guard> {
        let fields = keys::fields(node, node.span, &keys::GUARD, &mut self.report)?;
        let name = fields.require("name", &keys::GUARD, &mut self.report);
        let name = name.and_then(|name| self.line(name, fields.span, "name"));
        let table = fields.require("table", &keys::GUARD, &mut self.report);
        let table = table.and_then(|table| self.table_value(table, fields.span));
        let reach = self.reach(&fields);
        let message = fields.require("message", &keys::GUARD, &mut self.report);
        let message = message.and_then(|message| self.text(message, fields.span, "message"));
        let Reach { via, referenced_by, condition, by_subject: _ } = reach?;
        Some(Guard { name: name?, table: table?, via, referenced_by, condition, message: message? })
    }

    /// Names that a person has to tell apart.
    fn distinct(&mut self, names: &[&Spanned<String>], what: &str) {
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = names[..index].iter().find(|other| other.value == name.value) {
                let found =
                    Diagnostic::new(Code::DuplicateKey, format!("two {what} are named `{}`", shown(&name.value)));
                let found = found.at(name.span, "again here").label(first.span, "first here");
                self.report.push(found.help("give each a name of its own"));
            }
        }
    }

    fn verify(&mut self, node: &Node, owner: Span) -> (Vec<ReportQuery>, Vec<Gone>) {
        let Some(fields) = keys::fields(node, owner, &keys::VERIFY, &mut self.report) else {
            return Default::default();
        };
        if matches!(&node.kind, Kind::Map(map) if map.is_empty()) {
            let found = empty(owner, "`verify`");
            self.report.push(found.help("leave `verify` out, or write `unchanged:` or `gone:` below it"));
        }
        let reports = fields.entry("unchanged").map_or_else(Vec::new, |(key, reports)| {
            let items = self.items(reports, key.span, "unchanged");
            items.iter().filter_map(|item| self.report_query(item)).collect()
        });
        let names: Vec<&Spanned<String>> = reports.iter().map(|report: &ReportQuery| &report.name).collect();
        self.distinct(&names, "reports");
        let gone = fields.entry("gone").map_or_else(Vec::new, |(key, gone)| self.gone(gone, key.span));
        (reports, gone)
    }

    fn report_query(&mut self, node: &Node) -> Option<ReportQuery> {
        let fields = keys::fields(node, node.span, &keys::REPORT, &mut self.report)?;
        let name = fields.require("name", &keys::REPORT, &mut self.report);
        let name = name.and_then(|name| self.line(name, fields.span, "name"));
        let query = fields.require("query", &keys::REPORT, &mut self.report);
        let query = query.and_then(|query| self.sql(query, fields.span, "query", Sql::Query));
        Some(ReportQuery { name: name?, query: query?.0 })
    }

    fn limits(&mut self, node: &Node, owner: Span) -> Limits {
        let mut limits = Limits::default();
        let Some(fields) = keys::fields(node, owner, &keys::LIMITS, &mut self.report) else { return limits };
        for (key, value) in fields.entries {
            match key.value.as_str() {
                "lock_timeout" => limits.lock_timeout = self.duration(value, key.span, &key.value),
                "statement_timeout" => limits.statement_timeout = self.duration(value, key.span, &key.value),
                "max_subjects" => limits.max_subjects = self.number(value, key.span, &key.value, 1),
                _ => {
                    let Some(map) = keys::map(value, key.span, "`max_rows`", &mut self.report) else { continue };
                    let name = |key: &str| name::table(key).map_err(|_| key.to_owned());
                    for (table, rows) in keys::unique(map, name, &mut self.report) {
                        let rows = self.number(rows, table.span, &table.value, 0);
                        if let (Some(table), Some(rows)) = (self.table_name(table), rows) {
                            limits.max_rows.push((table, rows.value));
                        }
                    }
                }
            }
        }
        limits
    }

    fn accept(&mut self, node: &Node, owner: Span) -> Vec<Acceptance> {
        let items = self.items(node, owner, "accept");
        items.iter().filter_map(|item| self.acceptance(item)).collect()
    }

    fn acceptance(&mut self, node: &Node) -> Option<Acceptance> {
        let fields = keys::fields(node, node.span, &keys::ACCEPT, &mut self.report)?;
        let [code, at, because] = ["code", "at", "because"].map(|key| {
            let value = fields.require(key, &keys::ACCEPT, &mut self.report);
            value.and_then(|value| self.line(value, fields.span, key))
        });
        let code = code.and_then(|code| self.code(&code));
        let expect = fields.entry("expect").map(|(key, node)| self.expect_none(node, key.span, code.as_ref()));
        let at = at.filter(|at| {
            let names = at.value.contains(|c| !matches!(c, '*' | '.' | ' '));
            if !names {
                let found = Diagnostic::new(Code::InvalidValue, "an acceptance names at least a table or a column");
                let found = found.at(at.span, "this would accept what nobody has looked at");
                self.report.push(found.help("write `table`, `table.column` or `*.column`"));
            }
            names
        });
        let expect_none = present(expect)?.is_some();
        Some(Acceptance { span: node.span, code: code?, at: at?, because: because?, expect_none })
    }

    /// `expect: none`, for paths only: what the transaction then asserts is that a path reaches no row.
    fn expect_none(&mut self, node: &Node, owner: Span, code: Option<&Spanned<Code>>) -> Option<()> {
        if node.word() != Some("none") {
            let found = match &node.kind {
                Kind::Empty => empty(owner, "`expect`"),
                Kind::List(_) | Kind::Map(_) => shape(node, "`expect` is the word `none`"),
                Kind::Scalar(_) => Diagnostic::new(Code::InvalidValue, "`expect` is not the word `none`")
                    .at(node.span, "nothing else can be expected"),
            };
            self.report.push(found.help("write `expect: none` to assert that no row is found there, or leave it out"));
            return None;
        }
        if let Some(code) = code.filter(|code| code.value != Code::PathNotFollowed) {
            let message = format!("`expect` stands in an acceptance of `{}`", code.value.name());
            let found = Diagnostic::new(Code::ConflictingKeys, message)
                .at(owner, "no rows belong to this kind of finding")
                .label(code.span, "only `path-not-followed` is about rows");
            self.report.push(found.help("leave `expect` out"));
            return None;
        }
        Some(())
    }

    fn code(&mut self, text: &Spanned<String>) -> Option<Spanned<Code>> {
        let found = match Code::from_name(&text.value) {
            Some(code) if code.is_acceptable() => return Some(Spanned::new(code, text.span)),
            Some(_) => {
                Diagnostic::new(Code::InvalidValue, format!("`{}` is an error and cannot be accepted", text.value))
                    .at(text.span, "only warnings can be accepted")
                    .help("change the policy where the finding points, and leave this acceptance out")
            }
            None => {
                let known = Code::ALL.iter().filter(|code| code.is_acceptable()).map(|code| code.name());
                // Codes are written with hyphens, which `nearest` takes for underscores.
                let near = known
                    .min_by_key(|name| strsim::osa_distance(name, &text.value.chars().take(60).collect::<String>()));
                Diagnostic::new(Code::InvalidValue, format!("no finding has the code `{}`", shown(&text.value)))
                    .at(text.span, "not a code")
                    .help_if(near.map(|near| format!("the nearest code that can be accepted is `{near}`")))
            }
        };
        self.report.push(found);
        None
    }
}

//! What else runs when a row changes?
//!
//! Triggers with the functions that they call, and rewrite rules. A function's source is read as words only: which
//! tables of the catalog it names, and whether it builds statements that can't be read at all. Functions that it calls
//! in turn are read with it, since the table may be named there.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use super::relations::{Place, Relations};
use super::{get, ident, sorted, unknown};
use crate::catalog::{RewriteRule, Trigger, TriggerFunction};
use crate::ident::TableName;
use crate::server::ServerError;

pub(super) fn read_rules(rows: &[Row], relations: &mut Relations) -> Result<(), ServerError> {
    for row in rows {
        let relation: u32 = get(row, "relation")?;
        let name = ident(row, "name")?;
        let event = match get::<String>(row, "event")?.as_str() {
            "1" => "select",
            "2" => "update",
            "3" => "insert",
            "4" => "delete",
            code => return Err(unknown("pg_rewrite.ev_type", code)),
        };
        match relations.place(relation) {
            Place::Table(table) => table.rewrite_rules.push(RewriteRule {
                name,
                event: event.into(),
                instead: get(row, "instead")?,
                definition: get(row, "definition")?,
            }),
            // It speaks only when the partition itself is named, which we never do.
            Place::PartitionOf(_) => {
                if let Some(schema) = relations.name(relation).map(|partition| partition.schema.clone()) {
                    relations.note("rewrite rule of one partition", TableName { schema, name }, [relation]);
                }
            }
            Place::Elsewhere => relations.note_on("rewrite rule", name, relation),
        }
    }
    Ok(())
}

/// Bits of `pg_trigger.tgtype` (PostgreSQL's `catalog/pg_trigger.h`).
const ROW: i16 = 1;
const BEFORE: i16 = 2;
const DELETE: i16 = 8;
const UPDATE: i16 = 16;

pub(super) fn read_triggers(
    rows: &[Row],
    functions: &[Row],
    rules: &[Row],
    relations: &mut Relations,
) -> Result<Vec<TriggerFunction>, ServerError> {
    let mut sources = Sources::read(functions)?;
    for (index, row) in (0_u64..).zip(rules) {
        // What a rule on a table or view makes of a statement there: whoever names that relation may mean it.
        let (relation, definition): (u32, String) = (get(row, "relation")?, get(row, "definition")?);
        if let Some(on) = relations.name(relation) {
            sources.add(
                RULES + index,
                on.name.as_str().to_owned(),
                Source::of_rule(on, ident(row, "name")?.as_str(), definition),
            );
        }
    }
    let mut called = BTreeSet::new();
    for row in rows {
        let function: u32 = get(row, "function")?;
        let relation: u32 = get(row, "relation")?;
        // A trigger that only one partition has fires for some of the table's rows.
        let (Place::Table(table) | Place::PartitionOf(table)) = relations.place(relation) else {
            // One on a view, which says what writing into the view does.
            if let Some(view) = relations.name(relation) {
                sources.by_name.entry(view.name.as_str().to_owned()).or_default().push(u64::from(function));
            }
            relations.note_on("trigger", ident(row, "name")?, relation);
            continue;
        };
        let source =
            sources.all.get(&u64::from(function)).ok_or_else(|| unknown("pg_trigger.tgfoid", &function.to_string()))?;
        let bits: i16 = get(row, "bits")?;
        table.triggers.push(Trigger {
            name: ident(row, "name")?,
            function: source.signature.clone(),
            definition: get(row, "definition")?,
            on_update: bits & UPDATE != 0,
            update_of: sorted(row, "update_of")?,
            on_delete: bits & DELETE != 0,
            before_row: bits & (ROW | BEFORE) == ROW | BEFORE,
            deferred: get(row, "is_deferred")?,
            disabled: match get::<String>(row, "enabled")?.as_str() {
                "O" | "A" => false,
                "D" | "R" => true,
                code => return Err(unknown("pg_trigger.tgenabled", code)),
            },
        });
        called.insert(u64::from(function));
    }
    let mut tables: BTreeMap<&str, BTreeSet<&TableName>> = BTreeMap::new();
    for (name, table) in relations.names() {
        tables.entry(name.name.as_str()).or_default().insert(table);
    }
    Ok(called.into_iter().map(|oid| sources.describe(oid, &tables)).collect())
}

/// Sources by number: functions by their oids, rules from here on, where no oid is.
struct Sources {
    all: BTreeMap<u64, Source>,
    by_name: BTreeMap<String, Vec<u64>>,
}

const RULES: u64 = 1 << 32;

struct Source {
    signature: String,
    language: String,
    text: String,
    is_tree: bool,
    words: BTreeSet<String>,
}

impl Source {
    /// Whether it is one of PostgreSQL's own, which set a column of their row at most.
    fn is_harmless(&self) -> bool {
        // The server's own alone are printed without a schema here.
        const OWN: [&str; 3] =
            ["tsvector_update_trigger()", "tsvector_update_trigger_column()", "suppress_redundant_updates_trigger()"];
        self.language == "internal" && OWN.contains(&self.signature.as_str())
    }

    /// What a rule does instead of a statement, or beside it.
    fn of_rule(on: &TableName, name: &str, definition: String) -> Self {
        let signature = format!("rule {name} on {}.{}", on.schema.as_str(), on.name.as_str());
        // The definition names its own relation as well, whose rows it takes from the statement.
        Self { signature, language: "sql".to_owned(), words: words(&definition), text: definition, is_tree: false }
    }
}

impl Sources {
    fn read(rows: &[Row]) -> Result<Self, ServerError> {
        let mut sources = Self { all: BTreeMap::new(), by_name: BTreeMap::new() };
        for row in rows {
            let oid: u32 = get(row, "oid")?;
            let text: String = get(row, "source")?;
            let source = Source {
                signature: get(row, "signature")?,
                language: get(row, "language")?,
                words: words(&text),
                text,
                is_tree: get(row, "is_tree")?,
            };
            sources.add(u64::from(oid), get(row, "name")?, source);
        }
        Ok(sources)
    }

    fn add(&mut self, number: u64, name: String, source: Source) {
        self.all.insert(number, source);
        self.by_name.entry(name).or_default().push(number);
    }

    /// The function and those that its source names, at any depth, itself first.
    fn reached(&self, oid: u64) -> Vec<&Source> {
        let mut seen = BTreeSet::from([oid]);
        let mut open = vec![oid];
        while let Some(oid) = open.pop() {
            let named = self.all[&oid].words.iter().filter_map(|word| self.by_name.get(word)).flatten();
            open.extend(named.copied().filter(|named| seen.insert(*named)));
        }
        let mut others: Vec<&Source> =
            seen.iter().filter(|found| **found != oid).map(|found| &self.all[found]).collect();
        // By name: an oid must not decide about a digest.
        others.sort_by(|a, b| a.signature.cmp(&b.signature));
        std::iter::once(&self.all[&oid]).chain(others).collect()
    }

    fn describe(&self, oid: u64, tables: &BTreeMap<&str, BTreeSet<&TableName>>) -> TriggerFunction {
        let reached = self.reached(oid);
        let mut digest = Sha256::new();
        let mut mentions = BTreeSet::new();
        let mut opaque = false;
        for (index, source) in reached.iter().enumerate() {
            if index > 0 {
                digest.update([0]);
            }
            digest.update(&source.text);
            mentions.extend(source.words.iter().filter_map(|word| tables.get(word.as_str())).flatten().copied());
            if source.is_harmless() {
                continue;
            }
            opaque |= source.is_tree
                || !matches!(source.language.as_str(), "sql" | "plpgsql")
                || source.words.contains("execute");
        }
        TriggerFunction {
            signature: reached[0].signature.clone(),
            language: reached[0].language.clone(),
            digest: crate::catalog::hexadecimal(&digest.finalize()),
            mentions: mentions.into_iter().cloned().collect(),
            opaque,
        }
    }
}

/// The words of a source as names: as they stand, folded to lower case, and whatever stands between two double quotes.
/// Strings and comments are read like everything else, since a statement that is put together from strings names its
/// tables there, and a quote inside a string must not hide what comes behind it.
fn words(source: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for word in source.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))) {
        words.insert(word.to_owned());
        words.insert(word.to_lowercase());
    }
    // A doubled quote is part of the name; PostgreSQL's text has no null character that it could be taken for.
    let doubled = source.replace("\"\"", "\0");
    words.extend(doubled.split('"').map(|between| between.replace('\0', "\"")));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_names_whether_quoted_or_not() {
        let found = words(r#"INSERT INTO Audit."Old ""Rows""" SELECT 'in strings too', x2$y -- Comments"#);
        for word in ["audit", "Old \"Rows\"", "strings", "x2$y", "comments"] {
            assert!(found.contains(word), "{word}");
        }
        assert!(!found.contains("udit"));
    }

    #[test]
    fn a_quote_in_a_string_hides_nothing() {
        assert!(words("x := 'a \" b'; insert into \"My Log\"; delete from audits").contains("audits"));
    }
}

//! People's values in a text are replaced, as SQL.
//!
//! The text is searched with the patterns of those whose row it is. It is searched again until nothing is found: what takes a
//! value's place may make room for another one beside it. In a document it is the strings that are searched, each as what it
//! says, so that nothing else of the document is touched and it stays one.

use super::derived::Input;
use super::helper::Helper;
use super::letters;
use super::owner::qualified;
use super::writer::{Scene, Writer};
use crate::pgtype::PgType;
use crate::plan::Patterns;
use crate::resolve::{ColumnChange, Derived, NewValue, Owner, People, Scrub};

/// How often a text is searched at most: two values side by side need two searches, and nobody has ten.
const SEARCHES: u32 = 9;
/// The groups of a regular expression that the server puts back.
const GROUPS: usize = 9;
/// A JSON text in pieces: strings, numbers, and what stands between them.
const TOKENS: &str = r#""(?:[^"\\]|\\.)*"|[-0-9][-+.0-9eE]*|[^"0-9-]+"#;
/// What the server reads of a JSON string, between its quotes: no NUL, and no half of a character.
const READABLE: &str = r#"\\[^u]|\\u(?:[1-9a-ce-fA-CE-F]...|[dD][0-7]..|0(?:[1-9a-fA-F]..|0[1-9a-fA-F].|00[1-9a-fA-F])|[dD][89abAB]..\\u[dD][c-fC-F]..)"#;

/// How a document is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it was written.
    Json,
    /// As what it says.
    Jsonb,
}

impl Scene<'_> {
    /// A text or document without the values.
    pub fn scrub(&self, w: &mut Writer, input: Input<'_>, scrub: &Scrub) {
        let old = self.old_text();
        w.kw("(SELECT CASE WHEN ");
        match input.ty {
            PgType::Json => {
                // Only `json` keeps escapes of what needs none: there the strings alone tell.
                w.kw("efface_sought.pattern IS NOT NULL AND (strpos(").sql(&old).kw(", ").regex(r"\u").kw(") > 0 OR ");
                w.sql(&old).kw(" ~ efface_sought.pattern) THEN ");
                self.scrubbed_document(w, scrub, Kind::Json);
                w.kw("::json ELSE ").sql(input.value);
            }
            PgType::Jsonb => {
                w.sql(&old).kw(" ~ efface_sought.pattern THEN ");
                self.scrubbed_document(w, scrub, Kind::Jsonb);
                w.kw("::jsonb ELSE ").sql(input.value);
            }
            _ => {
                w.sql(&old).kw(" ~ efface_sought.pattern THEN ");
                self.scrubbed_to_fit(w, input.ty.length_limit(), scrub);
                w.kw(" ELSE ").sql(&old);
            }
        }
        w.kw(" END\n      FROM (SELECT CAST(").sql(input.value).kw(" AS text) COLLATE \"C\" AS text) AS ");
        w.printed(&self.helper(Helper::Text)).kw(" CROSS JOIN LATERAL (");
        self.sought(w, input, scrub);
        w.kw(") AS efface_sought)");
    }

    /// The text that is searched.
    fn old_text(&self) -> Writer {
        let mut w = Writer::new();
        w.printed(&self.helper(Helper::Text)).kw(".text");
        w
    }

    /// A text that has become too long with the new text in it has stars there instead: no value is shorter than one.
    fn scrubbed_to_fit(&self, w: &mut Writer, limit: Option<u32>, scrub: &Scrub) {
        let old = self.old_text();
        let limit = limit.filter(|_| scrub.with.chars().count() > 1);
        let Some(limit) = limit else { return scrubbed(w, &old, &scrub.with, groups(scrub)) };
        w.kw("(SELECT CASE WHEN length(text) <= ").number(limit).kw(" THEN text ELSE ");
        scrubbed(w, &old, "*", groups(scrub));
        w.kw(" END FROM ");
        scrubbed(w, &old, &scrub.with, groups(scrub));
        w.kw(" AS efface_new (text))");
    }

    /// A document, piece by piece. A number that is a value becomes a string; a string that the server can't read is searched
    /// without what it can't read, and goes as a whole.
    fn scrubbed_document(&self, w: &mut Writer, scrub: &Scrub, kind: Kind) {
        let new = format!("\"{}\"", scrub.with);
        let mut said = Writer::new();
        said.kw("said");
        w.kw("(\n        SELECT string_agg(CASE\n          WHEN said ~ efface_sought.pattern THEN ");
        if kind == Kind::Json {
            w.kw("CASE WHEN token ~ ").regex(&format!("^\"(?:[^\\\\]|{READABLE})*\"$")).kw(" THEN ");
        }
        w.kw("to_json(");
        scrubbed(w, &said, &scrub.with, groups(scrub));
        w.kw(")::text");
        if kind == Kind::Json {
            w.kw(" ELSE ").text(&new).kw(" END");
        }
        w.kw("\n          WHEN token ~ '^[-0-9]' AND regexp_replace(token, efface_sought.pattern, '', 'g') = '' THEN ");
        w.text(&new)
            .kw("\n          ELSE token END, '' ORDER BY n)\n        FROM regexp_matches(")
            .sql(&self.old_text());
        w.kw(", ")
            .regex(TOKENS)
            .kw(", 'g') WITH ORDINALITY AS cuts (cut, n)\n        CROSS JOIN LATERAL (SELECT cut[1], ");
        w.kw("CASE WHEN cut[1] !~ '^\"' THEN NULL WHEN strpos(cut[1], ").regex("\\");
        w.kw(") = 0 THEN substr(cut[1], 2, length(cut[1]) - 2)\n          ELSE (");
        match kind {
            Kind::Json => {
                let readable = format!(r"({READABLE})|\\u....");
                w.kw("regexp_replace(cut[1], ").regex(&readable).kw(", ").regex(r"\1").kw(", 'g')");
            }
            Kind::Jsonb => {
                w.kw("cut[1]");
            }
        }
        w.kw("::jsonb #>> '{}') END COLLATE \"C\") AS piece (token, said)\n      )");
    }

    /// The pattern to search a text with: those of all people whose row it is, as one.
    fn sought(&self, w: &mut Writer, input: Input<'_>, scrub: &Scrub) {
        w.kw("SELECT string_agg(CASE WHEN ").sql(&self.old_text()).kw(" ~ ").regex(letters::ESCAPES);
        w.kw(" THEN escaped ELSE plain END, '|') AS pattern FROM ");
        let where_ = |w: &mut Writer, (from, conditions): &(Writer, Writer)| {
            w.sql(from).kw(if conditions.as_str().is_empty() { "" } else { " WHERE " }).sql(conditions);
        };
        let found: Vec<_> =
            scrub.people.iter().flat_map(|people| self.patterns_of(input, people, &scrub.with)).collect();
        match &found[..] {
            [only] => where_(w, only),
            several => {
                w.kw("(").list(several, " UNION ", |w, one| {
                    w.kw("SELECT plain, escaped FROM ");
                    where_(w, one);
                });
                w.kw(") AS ").printed(&self.helper(Helper::Pattern));
            }
        }
    }

    /// In place of patterns that nobody has made: for the planner.
    fn no_patterns(&self, w: &mut Writer, owner: Option<&Owner>) {
        w.kw("(SELECT ");
        for (n, column) in owner.iter().flat_map(|owner| owner.key.iter().map(|id| (owner.table, *id))).enumerate() {
            let column = self.catalog.table(column.0).column_at(column.1);
            w.kw("NULL::").printed(&column.type_sql).kw(" AS key").number(n as i128 + 1).kw(", ");
        }
        w.kw("NULL::text AS plain, NULL::text AS escaped)");
    }

    /// The patterns that some new values need, as the beginning of a question that has no temporary table.
    pub fn with_patterns(&self, w: &mut Writer, changes: &[&ColumnChange]) {
        let people = changes.iter().filter_map(|change| match &change.value {
            NewValue::Derived(Derived::Scrub(scrub)) => Some(scrub),
            _ => None,
        });
        let people: Vec<_> = people.flat_map(|scrub| scrub.people.iter().map(move |of| (of, &scrub.with))).collect();
        let is_needed = |set: &Patterns| people.iter().any(|(of, with)| set.is_for(&of.values, with));
        let needed: Vec<_> = self.plan.patterns.iter().enumerate().filter(|(_, set)| is_needed(set)).collect();
        if needed.is_empty() {
            return;
        }
        w.kw("WITH ");
        for (name, spelling) in self.spelling() {
            w.kw(name).kw(" AS MATERIALIZED (\n").sql(&spelling).kw("\n), ");
        }
        w.list(needed, ", ", |w, (index, set)| {
            w.kw("efface_patterns_").number(index as i128 + 1).kw(" AS MATERIALIZED (\n");
            self.patterns(w, set);
            w.kw("\n)");
        });
        w.kw("\n");
    }

    /// Where the patterns of some people are found for a row: what to read, and how.
    fn patterns_of(&self, input: Input<'_>, people: &People, with: &str) -> Vec<(Writer, Writer)> {
        let is_for = |set: &Patterns| set.is_for(&people.values, with);
        let number = self.plan.patterns.iter().position(is_for).map_or(0, |index| index as i128 + 1);
        let mut patterns = Writer::new();
        if self.anyone {
            // A part of the question, which has no temporary table.
            patterns.kw("efface_patterns_").number(number);
        } else if self.inline {
            self.no_patterns(&mut patterns, people.values.owner.as_ref());
        } else {
            patterns.kw("pg_temp.efface_patterns_").number(number);
        }
        let alias = self.helper(Helper::Pattern);
        patterns.kw(" AS ").printed(&alias);
        let Some(owner) = &people.values.owner else { return vec![(patterns, Writer::new())] };
        let id = self.catalog.table_id(&input.table.name);
        let remembered = (self.plan.owners.iter())
            .position(|owners| Some(owners.table) == id && owners.people == *people)
            .filter(|_| !self.anyone && !self.inline);
        let same = |keys: &mut dyn Iterator<Item = Writer>| {
            let mut w = Writer::new();
            w.list(keys.enumerate(), " AND ", |w, (n, key)| {
                w.printed(&alias).kw(".key").number(n as i128 + 1).kw(" = ").sql(&key);
            });
            w
        };
        if let Some(index) = remembered {
            let mut from = Writer::new();
            let remembered = self.helper(Helper::Owner);
            from.kw("pg_temp.efface_owners_").number(index as i128 + 1).kw(" AS ").printed(&remembered);
            from.kw(", ").sql(&patterns);
            let mut conditions = Writer::new();
            conditions.list(self.plan.owners[index].key.iter().enumerate(), " AND ", |w, (n, column)| {
                w.printed(&remembered).kw(".key").number(n as i128 + 1).kw(" = ");
                w.sql(&qualified(input.table, &input.table.column_at(*column).name));
            });
            let owners = (1..=owner.key.len()).map(|n| {
                let mut w = Writer::new();
                w.printed(&remembered).kw(".owner").number(n as i128);
                w
            });
            conditions.kw(" AND ").sql(&same(&mut owners.into_iter()));
            return vec![(from, conditions)];
        }
        let ways = people.ways.iter().map(|way| {
            let way = self.way_of_row(input.table, way, owner);
            let mut from = way.from();
            from.kw(if way.tables.is_empty() { "" } else { ", " }).sql(&patterns);
            let mut conditions = way.conditions();
            conditions.kw(if way.conditions.is_empty() { "" } else { " AND " }).sql(&same(&mut way.key.into_iter()));
            (from, conditions)
        });
        ways.collect()
    }
}

/// How many people a row may belong to: for each of them a group has to be put back.
fn groups(scrub: &Scrub) -> usize {
    scrub.people.iter().map(|people| people.ways.len().max(1)).sum::<usize>().min(GROUPS)
}

/// A text in which the values have been replaced, as a sub-select.
fn scrubbed(w: &mut Writer, text: &Writer, with: &str, groups: usize) {
    let put_back: String = (1..=groups).map(|group| format!("\\{group}")).collect();
    w.kw("(WITH RECURSIVE efface_pass (text, n) AS (SELECT ")
        .sql(text)
        .kw(", 0 UNION ALL SELECT regexp_replace(text, efface_sought.pattern, ");
    w.regex(&format!("{put_back}{with}"));
    w.kw(", 'g'), n + 1 FROM efface_pass WHERE n < ").number(SEARCHES).kw(" AND text ~ efface_sought.pattern) ");
    w.kw("SELECT text FROM efface_pass ORDER BY n DESC LIMIT 1)");
}

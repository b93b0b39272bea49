//! Every kind of unique index over the column `v`.

use super::decisions::Decision;

/// How many rows may have NULL in `v` before the change.
#[derive(Clone, Copy)]
pub enum Nulls {
    Many,
    One,
    None,
}

/// A kind of unique index.
pub struct Index {
    pub name: &'static str,
    /// What makes it, of the table `{t}`, called `{i}`.
    pub ddl: &'static str,
    /// The whole table where it isn't an ordinary one, with `{columns}`.
    pub whole_table: &'static str,
    /// A generated column.
    pub generated: &'static str,
    /// Behind the type of `v`.
    pub collation: &'static str,
    /// What changes beside `v`.
    pub changes: &'static [&'static str],
    /// Values of `v` before the change, where it needs others than the decision gives.
    pub fill: &'static str,
    pub nulls: Nulls,
    /// Whether rows of several tenants have one value.
    pub by_tenant: bool,
    /// The most rows that it takes.
    pub most: u32,
    /// Which types of columns it is for.
    pub of: Of,
    /// The major version that has it first.
    pub since: u32,
    /// Whether some decision is refused under it.
    pub refuses: bool,
    /// Whether some decision runs under it.
    pub runs: bool,
    /// Whether every decision is tried under it.
    pub always: bool,
    /// Whether random tokens fit.
    pub takes_tokens: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Of {
    Any,
    Text,
    Uuid,
    Number,
}

impl Index {
    pub fn fits(&self, decision: &Decision) -> bool {
        let identity = decision.default.contains("identity");
        // An identity column is never NULL.
        let fits = !identity || (matches!(self.nulls, Nulls::None) && self.fill.is_empty());
        // Before 17, a partitioned table has none.
        let fits = fits && !(identity && self.whole_table.contains("partition"));
        (self.always || decision.everywhere)
            && fits
            && match self.of {
                Of::Any => true,
                Of::Text => decision.is_text() && (self.collation.is_empty() || decision.ty != "citext"),
                Of::Uuid => decision.ty == "uuid",
                Of::Number => matches!(decision.ty, "int" | "bigint"),
            }
    }
}

const PLAIN: Index = Index {
    name: "",
    ddl: "",
    whole_table: "",
    generated: "",
    collation: "",
    changes: &[],
    fill: "",
    nulls: Nulls::Many,
    by_tenant: false,
    most: 2_000,
    of: Of::Any,
    since: 0,
    refuses: true,
    runs: true,
    always: false,
    takes_tokens: true,
};
const TENANT: Index = Index { by_tenant: true, ..PLAIN };
const TEXT: Index = Index { of: Of::Text, ..PLAIN };
/// Expressions that cut values short.
const SHORT: Index = Index { takes_tokens: false, ..TEXT };

pub fn all() -> Vec<Index> {
    let part = "create table {t} ({columns}, primary key (id, tenant)) partition by list (tenant);
        create table {t}_0 partition of {t} for values in (0); create table {t}_1 partition of {t} default";
    vec![
        Index { always: true, name: "a plain index", ddl: "create unique index {i} on {t} (v)", ..PLAIN },
        Index { name: "an index without NULL", ddl: "create unique index {i} on {t} (v)", nulls: Nulls::None, ..PLAIN },
        Index { name: "a constraint", ddl: "alter table {t} add constraint {i} unique (v)", ..PLAIN },
        Index {
            name: "a primary key",
            whole_table: "create table {t} ({columns}, constraint {t}_index primary key (v))",
            nulls: Nulls::None,
            ..PLAIN
        },
        Index { name: "a descending index", ddl: "create unique index {i} on {t} (v desc nulls last)", ..PLAIN },
        Index {
            name: "an index with other columns included",
            ddl: "create unique index {i} on {t} (v) include (w)",
            ..PLAIN
        },
        Index {
            name: "an index in which included columns change",
            ddl: "create unique index {i} on {t} (tenant, id) include (v)",
            refuses: false,
            ..PLAIN
        },
        Index {
            name: "a deferred constraint",
            ddl: "alter table {t} add constraint {i} unique (v) deferrable initially deferred",
            ..PLAIN
        },
        Index {
            always: true,
            name: "an index whose NULLs are equal",
            ddl: "create unique index {i} on {t} (v) nulls not distinct",
            nulls: Nulls::One,
            since: 15,
            ..PLAIN
        },
        Index {
            always: true,
            name: "a key beside an unchanged tenant",
            ddl: "create unique index {i} on {t} (tenant, v)",
            ..TENANT
        },
        Index {
            name: "a key beside an unchanged tenant, NULLs equal",
            ddl: "create unique index {i} on {t} (tenant, v) nulls not distinct",
            nulls: Nulls::One,
            since: 15,
            ..TENANT
        },
        Index {
            name: "a key beside a column that becomes one word",
            ddl: "create unique index {i} on {t} (w, v)",
            changes: &["w: { replace: word }"],
            ..TENANT
        },
        Index {
            name: "a key beside a column that becomes one word, NULLs equal",
            ddl: "create unique index {i} on {t} (w, v) nulls not distinct",
            changes: &["w: { replace: word }"],
            nulls: Nulls::One,
            since: 15,
            // A row whose NULL stays could meet another's.
            takes_tokens: false,
            ..TENANT
        },
        Index {
            name: "a key beside a column that becomes null",
            ddl: "create unique index {i} on {t} (w, v)",
            changes: &["w: null"],
            refuses: false,
            ..TENANT
        },
        Index {
            name: "a key beside random names",
            ddl: "create unique index {i} on {t} (w, v)",
            changes: &["w: { randomize: first_name }"],
            ..TENANT
        },
        Index {
            always: true,
            name: "a key beside the primary key",
            ddl: "create unique index {i} on {t} (id, v)",
            refuses: false,
            ..PLAIN
        },
        Index {
            name: "a partial index over another column",
            ddl: "create unique index {i} on {t} (v) where flag",
            ..PLAIN
        },
        Index {
            name: "a partial index of what is not NULL",
            ddl: "create unique index {i} on {t} (v) where v is not null",
            ..PLAIN
        },
        Index {
            name: "a partial index that every row leaves",
            ddl: "create unique index {i} on {t} (v) where status <> 'gone' and status = 'old'",
            changes: &["status: { replace: gone }"],
            refuses: false,
            ..PLAIN
        },
        Index {
            name: "a partial index that every row enters",
            ddl: "create unique index {i} on {t} (v) where status = 'new'",
            changes: &["status: { replace: new }"],
            ..PLAIN
        },
        Index {
            name: "a partial index that rows enter with equal keys",
            ddl: "create unique index {i} on {t} (k) where status = 'new'",
            changes: &["status: { replace: new }"],
            runs: false,
            takes_tokens: false,
            ..PLAIN
        },
        Index {
            name: "a partial index that rows enter with NULL",
            ddl: "create unique index {i} on {t} (k) where v is null",
            nulls: Nulls::None,
            ..PLAIN
        },
        Index {
            name: "a partial index that rows enter with something",
            ddl: "create unique index {i} on {t} (k) where v is not null",
            fill: "null",
            ..PLAIN
        },
        Index {
            name: "a partial index that asks more of the column",
            ddl: "create unique index {i} on {t} (k) where v = 'x'",
            takes_tokens: false,
            ..TEXT
        },
        Index {
            name: "a partial index that rows enter, NULLs equal",
            ddl: "create unique index {i} on {t} (v) nulls not distinct where status = 'new'",
            changes: &["status: { replace: new }"],
            since: 15,
            takes_tokens: false,
            ..PLAIN
        },
        Index {
            name: "a constraint of a partitioned table",
            whole_table: part,
            ddl: "alter table {t} add constraint {i} unique (tenant, v)",
            ..TENANT
        },
        Index {
            name: "an index of one partition",
            whole_table: part,
            ddl: "create unique index {i} on {t}_1 (v)",
            ..PLAIN
        },
        Index {
            name: "a table that inherits",
            whole_table: "create table {t}_parent ({columns}, primary key (id));
                create table {t} (primary key (id)) inherits ({t}_parent)",
            ddl: "create unique index {i} on {t} (v)",
            ..PLAIN
        },
        Index {
            always: true,
            name: "a generated column",
            generated: "g {type} generated always as (v) stored",
            ddl: "create unique index {i} on {t} (g)",
            ..PLAIN
        },
        Index {
            name: "a generated column of lower letters",
            generated: "g text generated always as (lower(v)) stored",
            ddl: "create unique index {i} on {t} (g)",
            ..TEXT
        },
        Index {
            name: "a generated column that is cut",
            generated: "g text generated always as (left(v, 3)) stored",
            ddl: "create unique index {i} on {t} (g)",
            ..SHORT
        },
        Index {
            name: "an expression over a generated column",
            generated: "g text generated always as (coalesce(v, '')) stored",
            ddl: "create unique index {i} on {t} (upper(g))",
            nulls: Nulls::One,
            ..TEXT
        },
        Index {
            always: true,
            name: "an exclusion by equality",
            ddl: "alter table {t} add constraint {i} exclude using btree (v with =)",
            ..PLAIN
        },
        Index {
            name: "an exclusion by equality beside another column",
            ddl: "alter table {t} add constraint {i} exclude using btree (tenant with =, v with =) where (flag)",
            ..TENANT
        },
        Index { always: true, name: "lower(v)", ddl: "create unique index {i} on {t} (lower(v))", ..TEXT },
        Index { name: "btrim(lower(v))", ddl: "create unique index {i} on {t} (btrim(lower(v)))", ..TEXT },
        Index { name: "trim(v)", ddl: "create unique index {i} on {t} (trim(v))", ..TEXT },
        Index { name: "md5(v)", ddl: "create unique index {i} on {t} (md5(v::text))", ..TEXT },
        Index {
            always: true,
            name: "coalesce(v, '')",
            ddl: "create unique index {i} on {t} (coalesce(v, ''))",
            nulls: Nulls::One,
            ..TEXT
        },
        Index {
            name: "tenant, coalesce(v, '')",
            ddl: "create unique index {i} on {t} (tenant, coalesce(v, ''))",
            nulls: Nulls::One,
            ..Index { of: Of::Text, ..TENANT }
        },
        Index { name: "a constant beside v", ddl: "create unique index {i} on {t} ((v || '@'))", ..TEXT },
        Index { name: "another column beside v", ddl: "create unique index {i} on {t} ((w || v))", ..SHORT },
        Index { always: true, name: "left(v, 3)", ddl: "create unique index {i} on {t} (left(v, 3))", ..SHORT },
        Index { name: "substring(v)", ddl: "create unique index {i} on {t} (substring(v from 1 for 3))", ..SHORT },
        Index { always: true, name: "v::varchar(3)", ddl: "create unique index {i} on {t} ((v::varchar(3)))", ..SHORT },
        Index {
            name: "v::\"char\"",
            ddl: "create unique index {i} on {t} ((v::text::\"char\"))",
            fill: "chr(64 + {m}) || 'x'",
            most: 20,
            ..SHORT
        },
        Index {
            name: "v = 'x'",
            ddl: "create unique index {i} on {t} ((v = 'x'))",
            fill: "(array['x', 'y'])[{m}]",
            most: 2,
            ..SHORT
        },
        Index {
            name: "v is null",
            ddl: "create unique index {i} on {t} ((v is null))",
            nulls: Nulls::None,
            most: 1,
            runs: false,
            ..SHORT
        },
        Index {
            name: "length(v)",
            ddl: "create unique index {i} on {t} (length(v))",
            fill: "repeat('x', {m})",
            most: 8,
            ..SHORT
        },
        Index {
            name: "without hexadecimal characters",
            ddl: "create unique index {i} on {t} (btrim(v, '0123456789abcdef@.-'))",
            fill: "repeat('x', {m})",
            most: 8,
            ..SHORT
        },
        Index { name: "another collation", ddl: "create unique index {i} on {t} (v collate \"C\")", ..TEXT },
        Index {
            name: "a collation without case",
            collation: "collate loose",
            ddl: "create unique index {i} on {t} (v)",
            ..TEXT
        },
        Index {
            name: "a partial index in a collation without case",
            collation: "collate loose",
            ddl: "create unique index {i} on {t} (k) where v = 'X'",
            takes_tokens: false,
            ..TEXT
        },
        Index {
            always: true,
            name: "left(v::text, 3)",
            ddl: "create unique index {i} on {t} (left(v::text, 3))",
            of: Of::Uuid,
            ..PLAIN
        },
        Index {
            always: true,
            name: "v::text",
            ddl: "create unique index {i} on {t} ((v::text))",
            of: Of::Uuid,
            ..PLAIN
        },
        Index {
            always: true,
            name: "v % 10",
            ddl: "create unique index {i} on {t} ((v % 10))",
            of: Of::Number,
            nulls: Nulls::None,
            most: 9,
            ..PLAIN
        },
    ]
}

//! What moved between two catalogs, in words?
//!
//! For the message that a plan is stale: whoever reads it should know which migration it was. Every difference gives a
//! line; equal catalogs give none.

use std::collections::BTreeMap;

use super::{
    Catalog, Column, Domain, ForeignKey, Generated, MaterializedView, OtherObject, Publication, Table, digest,
};
use crate::ident::{Ident, shown};

/// Every difference between two catalogs, a line each, sorted by what it is about.
pub fn diff(old: &Catalog, new: &Catalog) -> Vec<String> {
    let mut lines = Vec::new();
    if old.server_major != new.server_major {
        lines.push(format!("PostgreSQL changed from {} to {}", old.server_major, new.server_major));
    }
    compare(
        (&old.tables, &new.tables),
        |table| &table.name,
        |table| format!("table `{}`", table.name.bare()),
        table,
        &mut lines,
    );
    compare(
        (&old.foreign_keys, &new.foreign_keys),
        |key| (&key.child, &key.name),
        |key| format!("foreign key `{}` of `{}` to `{}`", key.name.bare(), key.child.bare(), key.parent.bare()),
        |what, old, new, lines| lines.push(foreign_key(what, old, new)),
        &mut lines,
    );
    compare(
        (&old.enums, &new.enums),
        |found| &found.name,
        |found| format!("enum `{}`", found.name.bare()),
        |what, old, new, lines| {
            let list = |labels: &[String]| shown(&labels.join(", ")).to_string();
            lines.push(format!("labels of {what} changed from {} to {}", list(&old.labels), list(&new.labels)));
        },
        &mut lines,
    );
    compare(
        (&old.domains, &new.domains),
        |found| &found.name,
        |found| format!("domain `{}`", found.name.bare()),
        domain,
        &mut lines,
    );
    compare(
        (&old.composites, &new.composites),
        |found| &found.name,
        |found| format!("composite type `{}`", found.name.bare()),
        |what, _, _, lines| lines.push(format!("the fields of {what} changed")),
        &mut lines,
    );
    compare(
        (&old.functions, &new.functions),
        |found| &found.signature,
        |found| format!("trigger function `{}`", shown(&found.signature)),
        |what, _, _, lines| lines.push(format!("{what} changed")),
        &mut lines,
    );
    compare(
        (&old.extensions, &new.extensions),
        |found| &found.name,
        |found| format!("extension `{}`", found.name.bare()),
        |what, old, new, lines| {
            lines.push(format!("{what} moved from schema `{}` to `{}`", old.schema.bare(), new.schema.bare()));
        },
        &mut lines,
    );
    others(&old.others, &new.others, &mut lines);
    // Whether there is one stands among the others already.
    let view = |found: &MaterializedView| format!("materialized view `{}`", found.name.bare());
    let both = (&old.materialized_views[..], &new.materialized_views[..]);
    changed(both, |found| &found.name, view, "what {} reads, or its unique index, changed", &mut lines);
    let publication = |found: &Publication| format!("publication `{}`", found.name.bare());
    let both = (&old.publications[..], &new.publications[..]);
    changed(both, |found| &found.name, publication, "what {} sends of these tables changed", &mut lines);
    // Two things of one name (a trigger on each of two partitions) hide behind each other in `compare`.
    if lines.is_empty() && digest(old) != digest(new) {
        lines.push("the catalog changed".into());
    }
    lines
}

/// Holds two lists of things against each other by what identifies them.
fn compare<'a, K: Ord, T: PartialEq>(
    (old, new): (&'a [T], &'a [T]),
    key: impl Fn(&'a T) -> K,
    what: impl Fn(&T) -> String,
    changed: impl Fn(&str, &T, &T, &mut Vec<String>),
    lines: &mut Vec<String>,
) {
    let mut pairs: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    old.iter().for_each(|thing| pairs.entry(key(thing)).or_default().0 = Some(thing));
    new.iter().for_each(|thing| pairs.entry(key(thing)).or_default().1 = Some(thing));
    for pair in pairs.into_values() {
        match pair {
            (Some(gone), None) => lines.push(format!("{} was dropped", what(gone))),
            (None, Some(added)) => lines.push(format!("{} was added", what(added))),
            (Some(old), Some(new)) if old != new => changed(&what(new), old, new, lines),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

/// Of things that stand on both sides, those that differ.
fn changed<T: PartialEq, K: PartialEq>(
    (old, new): (&[T], &[T]),
    key: impl Fn(&T) -> &K,
    what: impl Fn(&T) -> String,
    words: &str,
    lines: &mut Vec<String>,
) {
    for before in old {
        if new.iter().any(|after| key(after) == key(before) && after != before) {
            lines.push(words.replacen("{}", &what(before), 1));
        }
    }
}

fn table(what: &str, old: &Table, new: &Table, lines: &mut Vec<String>) {
    let before = lines.len();
    let place = old.name.bare().to_string();
    compare(
        (&old.columns, &new.columns),
        |column| &column.name,
        |column| format!("column `{place}.{}`", column.name.bare()),
        |_, old, new, lines| column(&format!("`{place}.{}`", old.name.bare()), old, new, lines),
        lines,
    );
    named("unique index", &place, (&old.unique, &new.unique), |found| &found.name, lines);
    named("CHECK", &place, (&old.checks, &new.checks), |found| &found.name, lines);
    named("exclusion constraint", &place, (&old.exclusions, &new.exclusions), |found| &found.name, lines);
    named("trigger", &place, (&old.triggers, &new.triggers), |found| &found.name, lines);
    named("rewrite rule", &place, (&old.rewrite_rules, &new.rewrite_rules), |found| &found.name, lines);
    for (part, same) in [
        ("the primary key", old.primary_key == new.primary_key),
        ("the indexes", old.indexed == new.indexed),
        ("row-level security", old.row_security == new.row_security),
        ("the partitioning", old.partitioned == new.partitioned),
        ("the inheritance", (&old.inherited_by, &old.inherits) == (&new.inherited_by, &new.inherits)),
    ] {
        if !same {
            lines.push(format!("{part} of {what} changed"));
        }
    }
    if lines.len() == before {
        lines.push(format!("{what} changed"));
    }
}

fn named<T: PartialEq>(
    kind: &str,
    place: &str,
    both: (&[T], &[T]),
    name: impl Fn(&T) -> &Ident,
    lines: &mut Vec<String>,
) {
    let what = |thing: &T| format!("{kind} `{}` of `{place}`", name(thing).bare());
    compare(both, &name, what, |what, _, _, lines| lines.push(format!("{what} changed")), lines);
}

fn column(place: &str, old: &Column, new: &Column, lines: &mut Vec<String>) {
    if old.type_sql != new.type_sql {
        let (old, new) = (shown(&old.type_sql), shown(&new.type_sql));
        lines.push(format!("type of {place} changed from {old} to {new}"));
    } else if (&old.ty, &old.domains) != (&new.ty, &new.domains) {
        lines.push(format!("the domain behind {place} changed"));
    }
    match (old.not_null, new.not_null) {
        (false, true) => lines.push(format!("{place} now refuses NULL")),
        (true, false) => lines.push(format!("{place} now takes NULL")),
        _ => {}
    }
    if old.default != new.default {
        lines.push(format!("the default of {place} changed"));
    }
    if old.generated != new.generated {
        lines.push(match new.generated {
            Generated::No => format!("{place} is no longer generated"),
            _ => format!("what generates {place} changed"),
        });
    }
}

fn foreign_key(what: &str, old: &ForeignKey, new: &ForeignKey) -> String {
    if old.parent != new.parent {
        return format!("{what} referenced `{}` before", old.parent.bare());
    }
    if old.on_delete != new.on_delete {
        return format!("ON DELETE of {what} changed from {} to {}", old.on_delete.sql(), new.on_delete.sql());
    }
    if old.on_update != new.on_update {
        return format!("ON UPDATE of {what} changed from {} to {}", old.on_update.sql(), new.on_update.sql());
    }
    if old.pairs != new.pairs {
        return format!("the columns of {what} changed");
    }
    format!("{what} changed")
}

fn domain(what: &str, old: &Domain, new: &Domain, lines: &mut Vec<String>) {
    let before = lines.len();
    if old.checks != new.checks {
        lines.push(format!("a CHECK of {what} changed"));
    }
    if old.not_null != new.not_null {
        lines.push(format!("{what} now {} NULL", if new.not_null { "refuses" } else { "takes" }));
    }
    if lines.len() == before {
        lines.push(format!("{what} changed"));
    }
}

/// Other objects have no more identity than kind and name, and may stand twice.
fn others(old: &[OtherObject], new: &[OtherObject], lines: &mut Vec<String>) {
    let name = |other: &OtherObject| format!("{} `{}`", shown(&other.kind), other.name.bare());
    let same_name = |a: &OtherObject, b: &OtherObject| (&a.kind, &a.name) == (&b.kind, &b.name);
    for gone in old.iter().filter(|other| !new.contains(other)) {
        let changed = new.iter().any(|other| same_name(gone, other));
        lines.push(format!(
            "{} {}",
            name(gone),
            if changed { "is about other tables than before" } else { "was dropped" }
        ));
    }
    for added in new.iter().filter(|other| !old.iter().any(|known| same_name(known, other))) {
        lines.push(format!("{} was added", name(added)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{catalog, column, name};
    use super::*;
    use crate::catalog::ReferentialAction;
    use crate::pgtype::PgType;

    fn after(change: impl FnOnce(&mut Catalog)) -> String {
        let mut changed = catalog();
        change(&mut changed);
        let changed = changed.new().unwrap();
        assert_ne!(digest(&changed), digest(&catalog()), "a difference that the digest doesn't see");
        diff(&catalog(), &changed).join("\n")
    }

    #[test]
    fn equal_catalogs_have_no_difference() {
        assert!(diff(&catalog(), &catalog()).is_empty());
    }

    #[test]
    fn a_column_that_was_added_or_dropped_is_named() {
        let nickname = column("nickname", "text", PgType::Text { limit: None });
        assert_eq!(after(|catalog| catalog.tables[4].columns.push(nickname)), "column `users.nickname` was added");
        assert_eq!(after(|catalog| drop(catalog.tables[4].columns.remove(0))), "column `users.email` was dropped");
    }

    #[test]
    fn a_type_that_changed_is_told_with_both() {
        let text = after(|catalog| {
            let email = &mut catalog.tables[4].columns[0];
            email.type_sql = "character varying(20)".into();
            email.ty = PgType::Text { limit: Some(20) };
            email.not_null = true;
        });
        insta::assert_snapshot!(text, @"
        type of `users.email` changed from text to character varying(20)
        `users.email` now refuses NULL
        ");
    }

    #[test]
    fn a_foreign_key_is_told_with_both_tables() {
        let text = after(|catalog| drop(catalog.foreign_keys.remove(0)));
        assert_eq!(text, "foreign key `bookings_user_id_fkey` of `bookings` to `users` was dropped");
        let text = after(|catalog| catalog.foreign_keys[0].on_delete = ReferentialAction::Cascade);
        insta::assert_snapshot!(text, @"ON DELETE of foreign key `bookings_user_id_fkey` of `bookings` to `users` changed from NO ACTION to CASCADE");
    }

    #[test]
    fn what_triggers_do_is_told() {
        assert_eq!(
            after(|catalog| catalog.functions[0].digest = "01".into()),
            "trigger function `public.log()` changed"
        );
        assert_eq!(after(|catalog| catalog.tables[4].triggers[0].disabled = true), "trigger `log` of `users` changed");
    }

    #[test]
    fn labels_views_and_tables_are_told() {
        let text = after(|catalog| {
            catalog.enums[0].labels.push("failed".into());
            catalog.others[0].about.push(name("users"));
            catalog.tables.remove(2);
        });
        insta::assert_snapshot!(text, @"
        table `clubs` was dropped
        labels of enum `status` changed from booked, attended to booked, attended, failed
        view `monthly` is about other tables than before
        ");
    }
}

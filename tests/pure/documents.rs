//! Edits in JSON documents against a catalog: what doesn't fit, which unique index minds.

use efface::catalog::{Catalog, UniqueIndex};
use efface::diagnostic::render;
use efface::pgtype::PgType;

use crate::broken::{club, column, report_in};

/// The club, in which a nickname has become a document, with an index over it.
fn with_documents(ty: PgType, index: Option<(&str, &[&str])>) -> Catalog {
    let mut catalog = club();
    let users = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("users");
    let nickname = users.columns.iter_mut().find(|column| column.name.as_str() == "nickname").expect("nickname");
    nickname.type_sql = if ty == PgType::Json { "json" } else { "jsonb" }.to_owned();
    nickname.ty = ty;
    users.unique.extend(index.map(|(definition, columns)| UniqueIndex {
        name: "users_document".into(),
        definition: format!("CREATE UNIQUE INDEX users_document ON public.users USING btree {definition}"),
        columns: Vec::new(),
        expression_columns: columns.iter().map(|name| (*name).into()).collect(),
        predicate_columns: if definition.contains(" WHERE ") { vec!["nickname".into()] } else { Vec::new() },
        partial: definition.contains(" WHERE "),
        nulls_not_distinct: definition.contains("NULLS NOT DISTINCT"),
        deferrable: false,
        in_part: false,
    }));
    catalog
}

fn edits(edits: &str, others: &str) -> String {
    column(&format!("nickname: {{ json: {{ {edits} }}, other_keys: {others} }}"))
}

fn codes(catalog: &Catalog, policy: &str) -> Vec<&'static str> {
    report_in(catalog, policy).0.sorted().into_iter().map(|found| found.code.name()).collect()
}

#[test]
fn only_documents_are_edited() {
    let catalog = club();
    let told = |decision: &str| {
        let (found, file) = report_in(&catalog, &column(decision));
        assert!(found.has_errors());
        render::text(&found, &file, false)
    };
    let words = ["name: { json: { $.a: null }, other_keys: keep }", "score: { json: { $.a: null }, other_keys: keep }"];
    insta::assert_snapshot!(words.map(told).join("\n"));
    for ty in [PgType::Json, PgType::Jsonb, PgType::Array { of: Box::new(PgType::Jsonb), domains: Vec::new() }] {
        let (found, file) = report_in(&with_documents(ty, None), &edits("$.a: null", "keep"));
        assert!(found.is_empty(), "{}", render::text(&found, &file, false));
    }
}

#[test]
fn a_random_value_has_to_fit_json() {
    let catalog = with_documents(PgType::Jsonb, None);
    for (good, bad) in [
        ("{ randomize: integer, min: -5, max: 5 }", "{ randomize: integer, max: -5 }"),
        ("{ randomize: choice, from: [a] }", "{ randomize: choice }"),
        ("{ randomize: date, min: 1980-01-01 }", "{ randomize: date, min: 2010-01-01 }"),
        ("{ pseudonymize: email }", "{ pseudonymize: choice }"),
    ] {
        assert_eq!(codes(&catalog, &edits(&format!("$.a: {good}"), "keep")), [""; 0], "{good}");
        assert_eq!(codes(&catalog, &edits(&format!("$.a: {bad}"), "keep")).len(), 1, "{bad}");
    }
}

#[test]
fn an_index_over_a_value_minds_only_edits_of_that_value() {
    let column: &[&str] = &["nickname"];
    let (email, nested) = ("((nickname ->> 'email'::text))", "(lower(((nickname -> 'a'::text) ->> 'b'::text)))");
    let partial = "(id) WHERE ((nickname ->> 'gone'::text) IS NULL)";
    let not_distinct = "((nickname ->> 'email'::text)) NULLS NOT DISTINCT";
    for (index, columns, paths, others, fits) in [
        (email, column, "$.name: null", "keep", true),
        (email, column, "$.email: remove", "keep", true),
        (email, column, "$.email: null", "keep", true),
        (email, column, "$.name: keep", "remove", true),
        (email, column, "$.email: { replace: x }", "keep", false),
        (email, column, "$.email: { mask: x }", "keep", false),
        (email, column, "\"$.email[*]\": null", "keep", false),
        (nested, column, "$.b: null", "keep", true),
        (nested, column, "$.a.c: randomize", "keep", true),
        (nested, column, "$.a: remove", "keep", true),
        (nested, column, "$.a.b: { replace: x }", "keep", false),
        (not_distinct, column, "$.name: null", "keep", true),
        (not_distinct, column, "$.email: remove", "keep", false),
        ("(COALESCE((nickname ->> 'email'::text), ''::text))", column, "$.email: remove", "keep", false),
        ("((nickname #>> '{email}'::text[]))", column, "$.name: null", "keep", false),
        (partial, &[], "$.name: null", "keep", true),
        (partial, &[], "$.gone: remove", "keep", false),
    ] {
        let found = codes(&with_documents(PgType::Jsonb, Some((index, columns))), &edits(paths, others));
        assert_eq!(found.is_empty(), fits, "{index}: {paths}, {others}: {found:?}");
        assert!(fits || found == ["not-unique"], "{index}: {found:?}");
    }
}

//! `randomize` on types that nobody thinks of, where it doesn't fit: place, code, words. Against the catalogs of two cases.

use efface::catalog::{self, Catalog, Table, UniqueIndex};
use efface::diagnostic::render;
use efface::ident::Ident;
use efface::pgtype::PgType;

use crate::broken::report_in;

fn trips() -> Catalog {
    catalog::read(include_str!("../cases/randomize-on-arrays-and-composite-types/catalog.json")).expect("recorded")
}

fn devices() -> Catalog {
    catalog::read(include_str!("../cases/randomize-on-types-that-nobody-thinks-of/catalog.json")).expect("recorded")
}

/// A decision about one column, in line 7 from column 7 on; the others stay.
fn policy(table: &str, decision: &str) -> String {
    format!(
        "version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  {table}:\n    columns:\n      {decision}\n    \
         other_columns: keep\n  users: {{ keep: x }}\naccept:\n  \
         - {{ code: other-columns-kept, at: {table}, because: x }}\n"
    )
}

/// What check says, but for what only a server can answer: places with codes, and the words.
fn said(catalog: &Catalog, table: &str, decision: &str) -> (Vec<String>, String) {
    let (report, file) = report_in(catalog, &policy(table, decision));
    let found = report.sorted().into_iter().filter(|found| found.code.name() != "unverified");
    let place = |found: &efface::diagnostic::Diagnostic| {
        let position = file.position(found.primary.as_ref().expect("a place").span.start);
        format!("{}:{} {}", position.line, position.column, found.code.name())
    };
    (found.map(place).collect(), render::text(&report, &file, false))
}

/// The law first, then the words, for a person to judge.
fn refuses(name: &str, cases: &[(&str, Catalog, &str, &str, &str)]) {
    let mut words = String::new();
    for (sentence, catalog, table, decision, expected) in cases {
        let (found, rendered) = said(catalog, table, decision);
        assert_eq!(found, [*expected], "{sentence}\n{rendered}");
        words.push_str(&format!("=== {sentence}\n{rendered}\n"));
    }
    insta::assert_snapshot!(name, words);
}

fn accepts(catalog: &Catalog, table: &str, decision: &str) {
    let (found, rendered) = said(catalog, table, decision);
    assert!(found.is_empty(), "{decision}\n{rendered}");
}

fn table<'a>(catalog: &'a mut Catalog, name: &str) -> &'a mut Table {
    catalog.tables.iter_mut().find(|table| table.name.name.as_str() == name).expect("a table")
}

fn with_type(mut catalog: Catalog, of: &str, column: &str, ty: PgType) -> Catalog {
    let found = table(&mut catalog, of).columns.iter_mut().find(|found| found.name.as_str() == column);
    let found = found.expect("a column");
    found.type_sql = match &ty {
        PgType::Array { .. } => "public.geometry[]".into(),
        PgType::Other { name } | PgType::Range { name, .. } => name.clone(),
        other => panic!("{other:?}"),
    };
    found.ty = ty;
    catalog
}

/// A unique index over some columns of a table, `WHERE` some condition over others.
fn unique(mut catalog: Catalog, of: &str, columns: &[&str], condition: Option<(&str, &str)>) -> Catalog {
    let list = columns.join(", ");
    let where_ = condition.map(|(condition, _)| format!(" WHERE ({condition})")).unwrap_or_default();
    table(&mut catalog, of).unique.push(UniqueIndex {
        name: Ident::from("one_of_each"),
        definition: format!("CREATE UNIQUE INDEX one_of_each ON public.{of} USING btree ({list}){where_}"),
        columns: columns.iter().map(|column| Ident::from(*column)).collect(),
        expression_columns: Vec::new(),
        predicate_columns: condition.iter().map(|(_, column)| Ident::from(*column)).collect(),
        partial: condition.is_some(),
        nulls_not_distinct: false,
        deferrable: false,
        in_part: false,
    });
    catalog
}

fn geometry() -> PgType {
    PgType::Other { name: "public.geometry".into() }
}

#[test]
fn what_does_not_fit_an_element_or_a_field_is_refused_with_its_column() {
    let mut nested = trips();
    let address = nested.composites.iter_mut().find(|found| found.name.name.as_str() == "geo Point");
    address.expect("a composite type").fields[0].ty = geometry();
    let texts = PgType::Array { of: Box::new(geometry()), domains: Vec::new() };
    refuses(
        "randomize_refused",
        &[
            ("a kind for a composite value", trips(), "trips", "r_address: { randomize: email }", "7:18 wrong-type"),
            (
                "a kind for elements of another type",
                trips(),
                "trips",
                "d_ints: { randomize: email }",
                "7:15 wrong-type",
            ),
            ("an address in short elements", trips(), "trips", "b_short: { randomize: email }", "7:16 too-long"),
            (
                "six characters in elements of five",
                trips(),
                "trips",
                "b_short: { randomize: token, length: 6 }",
                "7:16 too-long",
            ),
            (
                "a choice that isn't a label of the elements' enum",
                trips(),
                "trips",
                "e_moods: { randomize: choice, from: [fine, sad] }",
                "7:50 not-in-enum",
            ),
            (
                "a bound that the elements can't hold",
                trips(),
                "trips",
                "z_small: { randomize: integer, max: 40000 }",
                "7:43 wrong-type",
            ),
            ("bytes in a text", trips(), "trips", "shape: { randomize: bytes }", "7:14 wrong-type"),
            ("a text in bytes", devices(), "devices", "d_key: { randomize: text }", "7:14 wrong-type"),
            (
                "a type of an unknown extension",
                with_type(trips(), "trips", "shape", geometry()),
                "trips",
                "shape: randomize",
                "7:14 wrong-type",
            ),
            (
                "elements of one",
                with_type(trips(), "trips", "shape", texts),
                "trips",
                "shape: randomize",
                "7:14 wrong-type",
            ),
            (
                "a field of one, in a composite value in an array in a field",
                nested,
                "trips",
                "u_visit: randomize",
                "7:16 wrong-type",
            ),
            (
                "a range of something else",
                with_type(
                    devices(),
                    "devices",
                    "k_ints",
                    PgType::Range { name: "public.textrange".into(), of: Box::new(PgType::Citext), multi: false },
                ),
                "devices",
                "k_ints: randomize",
                "7:15 wrong-type",
            ),
        ],
    );
}

#[test]
fn a_type_that_is_a_field_of_itself_is_refused_and_not_followed() {
    // No server has one; a file may say so.
    let mut catalog = trips();
    let visit =
        catalog.composites.iter().find(|found| found.name.name.as_str() == "visit").expect("a type").name.clone();
    let point = catalog.composites.iter_mut().find(|found| found.name.name.as_str() == "geo Point").expect("a type");
    point.fields[0].ty = PgType::Array { of: Box::new(PgType::Composite { name: visit }), domains: Vec::new() };
    let catalog = catalog.new().expect("a catalog");
    assert_eq!(said(&catalog, "trips", "u_visit: randomize").0, ["7:16 wrong-type"]);
}

#[test]
fn values_of_sixty_four_random_bits_are_unique_and_nothing_else_is() {
    // The columns are under unique constraints of their own.
    for decision in [
        "d_bytea: randomize",
        "d_bytea: { randomize: bytes, length: 8 }",
        "e_flags: randomize",
        "e_long: randomize",
        "h_jsonb: randomize",
        "n_lsn: randomize",
        "n_name: randomize",
    ] {
        accepts(&devices(), "devices", decision);
    }
    assert_eq!(said(&devices(), "devices", "d_bytea: { randomize: bytes, length: 7 }").0, ["7:16 not-unique"]);
    for column in ["i_vector", "m_hstore", "m_ltree"] {
        accepts(&unique(devices(), "devices", &[column], None), "devices", &format!("{column}: randomize"));
    }
    for column in
        ["a_time", "c_interval", "e_varbit", "f_cidr", "f_mac", "f_mac8", "g_money", "k_ints", "k_tstz", "n_oid"]
    {
        let catalog = unique(devices(), "devices", &[column], None);
        let found = said(&catalog, "devices", &format!("{column}: randomize")).0;
        assert_eq!(found, [format!("7:{} not-unique", 9 + column.len())], "{column}");
    }
    // An array may be empty, a composite value may be made of NULLs.
    for column in ["a_texts", "l_uuids", "r_address", "t_addresses"] {
        let catalog = unique(trips(), "trips", &[column], None);
        let found = said(&catalog, "trips", &format!("{column}: randomize")).0;
        assert_eq!(found, [format!("7:{} not-unique", 9 + column.len())], "{column}");
    }
}

#[test]
fn null_that_stays_brings_no_row_into_a_partial_index() {
    let members = |condition| unique(devices(), "devices", &["o_serial"], Some((condition, "f_mac")));
    accepts(&members("f_mac IS NOT NULL"), "devices", "f_mac: randomize");
    accepts(&members("f_mac IS NULL"), "devices", "f_mac: randomize");
    let enters = |condition, decision| said(&members(condition), "devices", decision).0;
    assert_eq!(enters("f_mac IS NOT NULL", "f_mac: { sql: f_mac }"), ["7:21 not-unique"]);
    assert_eq!(enters("f_mac > '02:00:00:00:00:00'::macaddr", "f_mac: randomize"), ["7:14 not-unique"]);
    assert_eq!(enters("(f_mac IS NOT NULL) AND (f_mac > h)", "f_mac: randomize"), ["7:14 not-unique"]);
}

#[test]
fn null_that_stays_is_one_of_a_kind_only_where_nothing_else_of_its_key_changes() {
    let mut catalog = unique(devices(), "devices", &["n_name", "o_serial"], None);
    let index = table(&mut catalog, "devices").unique.last_mut().expect("an index");
    index.nulls_not_distinct = true;
    accepts(&catalog, "devices", "n_name: randomize");
    // The rows (NULL, 1) and (NULL, 2) would both be (NULL, 1).
    let both = "n_name: randomize\n      o_serial: { replace: 1 }";
    assert_eq!(said(&catalog, "devices", both).0.len(), 1);
    table(&mut catalog, "devices").unique.last_mut().expect("an index").nulls_not_distinct = false;
    accepts(&catalog, "devices", both);
}

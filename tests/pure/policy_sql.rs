//! The gate for SQL fragments: what a fragment names, and what does not get through.

use efface::policy::sql::{Parsed, parse_condition, parse_expression, parse_query};

/// Relations, columns, functions, as `schema.name`, with `^` for what stands in a sub-select.
fn names(parsed: &Parsed) -> String {
    let relations = parsed.relations.iter().map(|relation| {
        let schema = relation.schema.as_ref().map_or(String::new(), |schema| format!("{}.", schema.as_str()));
        let alias = relation.alias.as_ref().map_or(String::new(), |alias| format!("={}", alias.as_str()));
        format!("{schema}{}{alias}", relation.name.as_str())
    });
    let columns = parsed.columns.iter().map(|column| {
        let qualifier = column.qualifier.as_ref().map_or(String::new(), |name| format!("{}.", name.as_str()));
        format!("{qualifier}{}{}", column.name.as_str(), if column.in_subquery { "^" } else { "" })
    });
    let join = |names: Vec<String>| names.join(" ");
    format!("[{}] [{}] [{}]", join(relations.collect()), join(columns.collect()), parsed.functions.join(" "))
}

fn condition(text: &str) -> String {
    names(&parse_condition(text).unwrap_or_else(|error| panic!("{text}: {error:?}")))
}

#[test]
fn names_are_folded_as_the_server_does() {
    assert_eq!(condition(r#"Status = 'x' and "Status" <> T.ÄB"#), "[] [status Status t.Äb] []");
    assert_eq!(condition(r#""a""b" = 1"#), r#"[] [a"b] []"#);
}

#[test]
fn a_sub_select_names_its_relations_and_not_its_own_queries() {
    assert_eq!(
        condition("exists (select 1 from club.Visits v join b using (c_id) where v.id = u.id) and lower(x) = 'y'"),
        "[club.visits=v b] [c_id^ v.id^ u.id^ x] [lower]"
    );
    // A WITH query that isn't recursive sees the real table of its own name.
    assert_eq!(condition("a in (with t as (select 1 from t) select 1 from t)"), "[t] [a] []");
    assert_eq!(condition("a in (with recursive t as (select 1 union select 1 from t) select 1 from t)"), "[] [a] []");
    assert_eq!(condition("a in (with s as (select 1 from t), t as (select 1 from s) select 1 from t)"), "[t] [a] []");
    assert_eq!(condition("a in (select g from generate_series(1, b) g)"), "[] [a g^ b^] [generate_series]");
    assert_eq!(condition("a in (select 1 from x) or b in (with x as (select 1) select 1 from x)"), "[x] [a b] []");
}

#[test]
fn the_places_are_places_in_the_text() {
    let text = "é = 1\n  and club.t.\"Ö\" = any(:subject) and :subject is not null";
    let parsed = parse_condition(text).unwrap();
    let slice = |span: efface::source::Span| &text[span.range()];
    assert_eq!(parsed.columns.iter().map(|column| slice(column.span)).collect::<Vec<_>>(), ["é", "club.t.\"Ö\""]);
    assert_eq!(parsed.subject.iter().map(|span| slice(*span)).collect::<Vec<_>>(), [":subject", ":subject"]);
    assert!(!parsed.has_subquery);
}

#[test]
fn a_query_has_a_subquery_only_besides_itself() {
    assert!(!parse_query("select count(*) from t").unwrap().has_subquery);
    assert!(parse_query("select 1 from (select 1) x").unwrap().has_subquery);
    assert!(parse_query("(select a from t) union all select b from u order by 1 -- the end").is_ok());
    assert!(parse_query("with x as (select 1) select row_number() over () from x").is_ok());
}

#[test]
fn what_people_write_gets_through() {
    for text in [
        "a::text[] @> array['x']",
        "slots[1 : 2] is null and slots[: 2] is null and slots[1 :] is null",
        "a = ':2' or b = $$:2$$ or c = '{1,2}'::int[]",
        "a ->> 'b' = 'c' and d #>> '{x,y}' is null",
        "not a and (b or c)",
        "a = $$it's; -- fine$$",
        r"a = E'\n' || 'C:\dir'",
        "a ~* '^x' and b !~ 'y'",
        "a at time zone 'utc' > now()",
        "case when a then 1 else 2 end = 1",
        "a between 1 and 2",
        "(club_id, number) in (:subject)",
        "a in (select max(b) from t)",
        "date '2020-01-01' < b and c > interval '3 years'",
        "a is not distinct from b",
        "a -- why\n and b /* c */",
        "extract(year from a) = 1",
        "coalesce(a, b) || ' :x '",
        "a like 'x%' escape '!'",
        "\"select\" = 1",
        "current_date > a",
        "a ? 'key'",
        "a = U&'\\00e9'",
    ] {
        assert!(parse_condition(text).is_ok(), "{text}: {:?}", parse_condition(text));
    }
}

#[test]
fn nothing_gets_out_of_its_parentheses() {
    for text in [
        "",
        "-- only a comment",
        "a) or (b",
        "a; b",
        "a b c",
        "a, b",
        "a = 1 limit 1",
        "select 1",
        "a = :x",
        "a = :'x'",
        "a = :{?x}",
        "a = :\"subject\"",
        "slots[1:2] is null",
        "slots[:2] is null",
        "slots[a:b] is null",
        "slots[1:ü] is null",
        "slots[1:E'2'] is null",
        "slots[1:_x] is null",
        "a = $1",
        "a = ?",
        "a \\gx",
        "a \\\\ b",
        "a = 'x",
        "a = $q$x",
        "/* a",
        "a <--1\n or b",
        "a */ b",
        "sum(a) > 1",
        "count(distinct a) > 1",
        "a > rank() over (order by b)",
        "string_agg(a, ',') filter (where b) = 'x'",
        "exists (with d as (update t set a = 1 returning 1) select 1 from d)",
        "exists (insert into t values (1) returning 1)",
        "a in (select 1 into t)",
        "a in (select 1 from t for no key update)",
        "a in (table t)",
        "U&\"d\\0061t\" = 1",
        "a[1:subject] is null",
        "a as b",
        "a = 1 \n) -- (",
    ] {
        assert!(parse_condition(text).is_err(), "{text}: {:?}", parse_condition(text));
    }
    for text in [
        "delete from t",
        "values (1)",
        "table t",
        "select 1; select 2",
        "select 1 into t",
        "select :subject",
        "insert into t select 1",
    ] {
        assert!(parse_query(text).is_err(), "{text}");
    }
    assert!(parse_expression(":subject").is_err());
}
#[test]
fn words_that_only_look_like_columns_are_none() {
    assert_eq!(condition("current_role = a and user = b"), "[] [a b] [current_role user]");
    assert_eq!(condition("make_interval(days := a) > b or f(arg => c)"), "[] [a b c] [f make_interval]");
    assert_eq!(condition("(a).b.c = 1 and a collate \"C\" = 'x' and d::club.kind is null"), "[] [a a d] []");
    assert_eq!(condition("extract(year from a) = 1 and date '2020-01-01' < b at time zone 'utc'"), "[] [a b] []");
}

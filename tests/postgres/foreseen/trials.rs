//! The decisions that are tried.

use super::Trial;

/// A rule that decides these columns, and keeps the others.
fn columns(decisions: &str) -> String {
    let line = |decision: &str| match decision.split_once(": sql ") {
        Some((column, sql)) => format!("      {column}:\n        sql: |\n          {sql}\n"),
        None => format!("      {decision}\n"),
    };
    let lines: String = decisions.split("; ").map(line).collect();
    format!("    columns:\n{lines}    other_columns: keep\n")
}

/// A sentence, a decision, and what has to be found: where, and in which words.
type Decided = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// A table with decisions about it, each with what has to be found.
fn over(schema: &str, decisions: &[Decided]) -> impl Iterator<Item = Trial> {
    decisions.iter().map(|(sentence, decision, expected)| Trial {
        sentence,
        schema: schema.to_owned(),
        rule: columns(decision),
        expected: expected.to_vec(),
    })
}

/// The same with a whole rule.
fn ruled(sentence: &'static str, schema: &str, rule: &str, expected: &[(&'static str, &'static str)]) -> Trial {
    Trial { sentence, schema: schema.to_owned(), rule: rule.to_owned(), expected: expected.to_vec() }
}

const FINE: &[(&str, &str)] = &[];

pub fn all() -> Vec<Trial> {
    let mut all = Vec::new();
    all.extend(generated());
    all.extend(checks());
    all.extend(old_rows());
    all.extend(in_part());
    all.extend(functions());
    all.extend(values());
    all.extend(domains());
    all.extend(exclusions());
    all.extend(odd_columns());
    all.extend(followers());
    all
}

/// What the database makes of new values.
fn generated() -> Vec<Trial> {
    let names = "create table t (id int primary key, first text, last text,
            full_name text generated always as (first || ' ' || last) stored,
            constraint name_is_short check (length(full_name) <= 20));
        insert into t values (1, 'Ann', 'Berg'), (2, 'Maximilian', 'Ito'), (3, null, 'Dahl')";
    let mut all: Vec<Trial> = over(
        names,
        &[
            (
                "a CHECK over a generated column, too long with every row",
                "last: { replace: a name that is far too long }",
                &[("check-constraint", "`name_is_short` of table `c0.t` in 2 rows")],
            ),
            (
                "the same, too long beside one row's other name",
                "last: { replace: ten letters }",
                &[("check-constraint", "in 1 row")],
            ),
            ("the same, kept", "last: { replace: x }", FINE),
            ("the same, of nothing", "first: null; last: null", FINE),
            (
                "the same, by an expression",
                "last: sql first || first || last",
                &[("check-constraint", "name_is_short")],
            ),
            ("the same, by random names", "first: { randomize: first_name }; last: { randomize: last_name }", FINE),
        ],
    )
    .collect();
    // The place in the message is the trial's own.
    all[0].expected = vec![("check-constraint", "the new values break the CHECK `name_is_short` of table")];
    let not_null = "create function shown(text) returns text language sql immutable as $$ select coalesce($1, '?') $$;
        create table t (id int primary key, a text, b text, c text, d text not null,
            of_a text not null generated always as (nullif(a, '[deleted]')) stored,
            of_b text not null generated always as (coalesce(b, '')) stored,
            of_c text not null generated always as (shown(c)) stored,
            of_d text not null generated always as (lower(d)) stored);
        insert into t values (1, 'a', 'b', 'c', 'd'), (2, 'x', null, null, 'D')";
    all.extend(over(
        not_null,
        &[
            (
                "a generated column that would be null for a word",
                "a: { replace: \"[deleted]\" }",
                &[("not-null", "t.of_a` can't be null, and would be")],
            ),
            ("the same for another word", "a: { replace: \"[gone]\" }", FINE),
            ("a generated column that takes null", "b: null", FINE),
            ("a generated column of a function that takes null", "c: null", FINE),
            (
                "a generated column that becomes null in some rows",
                "a: sql nullif(a, 'x')",
                &[("not-null", "t.of_a` can't be null, and would be in 1 row")],
            ),
            ("a generated column of random values", "d: { randomize: token }", FINE),
        ],
    ));
    all.push(ruled(
        "a generated column that becomes null for certain",
        "create table t (id int primary key, a text, of_a text not null generated always as (lower(a)) stored)",
        &columns("a: null"),
        &[("not-null", "of_a")],
    ));
    let shapes = "create domain code as text check (value ~ '^[a-z]+$');
        create table t (id int primary key, a text, n text, c text,
            short varchar(5) generated always as (a) stored,
            cut varchar(5) generated always as (a::varchar(5)) stored,
            number int generated always as (n::int) stored,
            coded code generated always as (c) stored);
        insert into t values (1, 'abc', '1', 'c')";
    all.extend(over(
        shapes,
        &[
            (
                "a generated column that would be too short",
                "a: { replace: abcdefg }",
                &[("too-long", "t.short` is too long")],
            ),
            ("the same, short enough", "a: { replace: abcde }", FINE),
            ("the same with blanks behind, which are cut off", "a: { replace: \"abcde   \" }", FINE),
            ("a generated column of another type", "n: { replace: seven }", &[("wrong-type", "for")]),
            ("the same, of that type", "n: { replace: \"7\" }", FINE),
            (
                "a generated column of a domain",
                "c: { replace: X }",
                &[("check-constraint", "breaks the CHECK `code_check` of its domain")],
            ),
            ("the same, inside of it", "c: { replace: x }", FINE),
        ],
    ));
    all
}

fn checks() -> Vec<Trial> {
    let mut all = Vec::new();
    let schema = r#"create table t (id int primary key, starts date, ends date, email text, name text, born date, code text,
            score numeric(6,2), most numeric(6,2), note text, kind text default 'open',
            constraint "in order" check (ends >= starts),
            constraint lower_case check (email = lower(email)),
            constraint not_empty check (btrim(name) <> ''),
            constraint not_in_the_future check (born <= current_date),
            constraint name_length check (length(name) <= 12),
            constraint below check (score < 1000),
            constraint at_most check (score <= most),
            constraint "odd ""name""; --" check (code <> 'x'),
            constraint one_of_two check (num_nonnulls(note, code) = 1),
            constraint closed check (kind <> 'open'));
        insert into t values (1, '2020-01-01', '2020-12-31', 'a', 'Ann', '1990-01-01', 'y', 1, 999, null, 'done'),
            (2, '2021-01-01', '2021-12-31', 'b', 'Bob', '1990-01-01', null, 2, 500, 'n', 'done')"#;
    all.extend(over(
        schema,
        &[
            (
                "one of two columns that a CHECK ties together",
                "starts: { replace: 2021-06-01 }",
                &[("check-constraint", "`in order` of table `c")],
            ),
            ("the same, in order", "starts: { replace: 2019-01-01 }", FINE),
            ("both of them, in order", "starts: { replace: 2031-01-01 }; ends: { replace: 2032-01-01 }", FINE),
            (
                "both of them, out of order",
                "starts: { replace: 2031-01-01 }; ends: { replace: 2030-01-01 }",
                &[("check-constraint", "`in order`")],
            ),
            (
                "a random one of two columns",
                "ends: { randomize: date, min: 2020-06-01, max: 2022-01-01 }",
                &[("check-constraint", "`in order` of table")],
            ),
            (
                "a random one of two columns that always fits",
                "ends: { randomize: date, min: 2021-01-01, max: 2022-01-01 }",
                FINE,
            ),
            ("capitals where none may be", "email: { replace: \"[Deleted]\" }", &[("check-constraint", "lower_case")]),
            ("a random address where no capitals may be", "email: { randomize: email }", FINE),
            ("an empty text where none may be", "name: { replace: \" \" }", &[("check-constraint", "not_empty")]),
            ("a day in the future", "born: { replace: 2999-01-01 }", &[("check-constraint", "not_in_the_future")]),
            ("random days in the past", "born: { randomize: date }", FINE),
            (
                "random names of which one is a letter too long",
                "name: { randomize: name }",
                &[("check-constraint", "name_length")],
            ),
            ("random names that fit", "name: { randomize: first_name }", FINE),
            (
                "a range whose end doesn't fit",
                "score: { randomize: number, min: 0, max: 1000 }; most: null",
                &[("check-constraint", "`below`")],
            ),
            ("a range that fits", "score: { randomize: number, min: 0, max: 999.99 }; most: null", FINE),
            (
                "a range whose end doesn't fit beside one row",
                "score: { randomize: number, min: 0, max: 500.01 }",
                &[("check-constraint", "`at_most` of table")],
            ),
            ("a range that fits beside every row", "score: { randomize: number, min: 0, max: 500 }", FINE),
            (
                "a constraint with an odd name",
                "code: sql case when code is not null then 'x' end",
                &[("check-constraint", "`odd \"name\"; --`")],
            ),
            ("null for one of two that are never null together", "note: null", &[("check-constraint", "one_of_two")]),
            ("something for one of two", "code: { replace: z }", &[("check-constraint", "`one_of_two`")]),
            ("the default", "kind: default", &[("check-constraint", "closed")]),
        ],
    ));
    all.extend(over(
        "create table t (id int primary key, a int, b int, constraint whole check (t is not null)); insert into t values (1, 2, 3)",
        &[
            ("null where a CHECK reads the whole row", "a: null", &[("check-constraint", "whole")]),
            ("something where a CHECK reads the whole row", "a: { replace: 9 }", FINE),
        ],
    ));
    all.extend(over(
        "create table t (id int primary key, a int, n int default nextval('numbers'),
            constraint here check (tableoid <> 0 and a > 0), constraint counted check (n > 0));
         insert into t values (1, 2, 3)"
            .replace("create table t", "create sequence numbers; create table t")
            .as_str(),
        &[
            ("a CHECK that efface can't put into a question", "a: { replace: 9 }", &[("unverified", "here")]),
            ("a default that counts on", "n: default", &[("unverified", "counted")]),
        ],
    ));
    all.push(ruled(
        "what an earlier rule keeps isn't counted",
        "create table t (id int primary key, status text, note text, constraint locked check (status <> 'locked' or note is not null));
         insert into t values (1, 'locked', 'n'), (2, 'open', 'n')",
        "    - where: status = 'locked'\n      keep: locked\n    - columns: { id: keep, status: keep, note: null }\n",
        FINE,
    ));
    all
}

/// CHECKs that are NOT VALID.
fn old_rows() -> Vec<Trial> {
    let schema = "create table t (id int primary key, a int, b text);
        insert into t values (1, -1, 'x'), (2, 1, 'y');
        alter table t add constraint positive check (a > 0) not valid";
    let mut all: Vec<Trial> = over(
        schema,
        &[
            (
                "a value that a CHECK refuses which is NOT VALID",
                "a: { replace: -5 }",
                &[("check-constraint", "positive")],
            ),
            ("a value that mends the old rows", "a: { replace: 5 }", FINE),
            ("another column of a row that breaks a CHECK already", "b: null", &[("broken-already", "1 row of table")]),
        ],
    )
    .collect();
    all.push(ruled(
        "another column of rows that keep it",
        schema,
        "    - where: a > 0\n      columns: { id: keep, a: keep, b: null }\n    - keep: broken\n",
        FINE,
    ));
    all
}

/// CHECKs of partitions and of tables that inherit.
fn in_part() -> Vec<Trial> {
    let parts = "create table t (id int, day date, amount int, note text not null, primary key (id, day)) partition by range (day);
        create table old partition of t for values from (minvalue) to ('2000-01-01');
        create table new partition of t for values from ('2000-01-01') to (maxvalue);
        alter table old add constraint old_ones_are_positive check (amount > 0);
        alter table new add constraint new_ones_are_small check (amount < 100);
        insert into t values (1, '1999-01-01', 500, 'a'), (2, '2020-01-01', -5, 'b')";
    let mut all: Vec<Trial> = over(
        parts,
        &[
            (
                "a value that one partition refuses",
                "amount: { replace: 0 }",
                &[("check-constraint", "`old_ones_are_positive` of table `c")],
            ),
            ("a value that both take", "amount: { replace: 1 }", FINE),
            ("values that each row's own partition takes", "amount: sql amount * 2", FINE),
            (
                "values that one row's own partition refuses",
                "amount: sql amount - 500",
                &[("check-constraint", "old_ones_are_positive")],
            ),
            ("a partition key", "day: { replace: 2001-01-01 }", &[("partition-key", "day"), ("not-unique", "day")]),
        ],
    )
    .collect();
    all.push(ruled(
        "null where one partition refuses it",
        "create table t (id int, a text) partition by list (id);
         create table one partition of t (a not null) for values in (1);
         create table others partition of t default;
         insert into t values (1, 'a'), (2, 'b')",
        &columns("a: null"),
        &[("not-null", "t.a")],
    ));
    all.push(ruled(
        "a column in an expression of a partition key",
        "create table t (id int, name text) partition by list (lower(left(name, 1)));
         create table a partition of t for values in ('a');
         create table others partition of t default;
         insert into t values (1, 'ann')",
        &columns("name: { replace: x }"),
        &[("partition-key", "name")],
    ));
    let heirs = "create table p (id int, a int, constraint positive check (a > 0), constraint own_rows check (a < 10) no inherit);
        create table t (b int, constraint together check (a + b < 100)) inherits (p);
        insert into p values (1, 1); insert into t values (2, 50, 1)";
    let rule = |decision: &str| format!("{0}  {{s}}.p:\n{0}", columns(decision));
    for (sentence, decision, expected) in [
        ("a value that an inherited CHECK refuses", "a: { replace: 0 }", &[("check-constraint", "positive"); 2][..]),
        ("a value that only the heir refuses", "a: sql a * 2", &[("check-constraint", "`together` of table `c")][..]),
        ("a value that only the ancestor's own rows may not have", "a: sql a + 9", &[("check-constraint", "own_rows")]),
        ("a value that both take", "a: { replace: 5 }", FINE),
    ] {
        let heirs = if decision.contains('*') { heirs.replace("(2, 50, 1)", "(2, 50, 0)") } else { heirs.to_owned() };
        all.push(ruled(sentence, &heirs, &rule(decision), expected));
    }
    all
}

/// CHECKs that call functions.
fn functions() -> Vec<Trial> {
    let schema = "create table log (n int); create table banned (word text); insert into banned values ('x');
        create function is_fine(text) returns boolean language sql stable as
            $$ select not exists (select from banned where word = $1) $$;
        create function is_loud(text) returns boolean language plpgsql immutable as
            $$ begin if $1 = 'y' then raise 'SECRET'; end if; return true; end $$;
        create function is_noted(int) returns boolean language plpgsql as
            $$ begin insert into log values ($1); return true; end $$;
        create table t (id int primary key, a text, b text, c int, d text,
            constraint fine check (is_fine(a)), constraint loud check (is_loud(b)), constraint noted check (is_noted(c)),
            constraint numeric_text check (d::int > 0));
        alter function is_fine(text) set search_path from current;
        alter function is_noted(int) set search_path from current;
        insert into t values (1, 'a', 'b', 1, '1')";
    let rule =
        |decision: &str| format!("{}  {{s}}.log: {{ keep: x }}\n  {{s}}.banned: {{ keep: x }}\n", columns(decision));
    let trial = |sentence, decision, expected: &[_]| ruled(sentence, schema, &rule(decision), expected);
    vec![
        trial("a function that says no", "a: { replace: x }", &[("check-constraint", "`fine`")]),
        trial("a function that says yes", "a: { replace: z }", FINE),
        trial("a function that raises", "b: { replace: y }", &[("check-constraint", "`loud` of table")]),
        trial("a function that writes", "c: { replace: 7 }", &[("unverified", "noted")]),
        trial("a text that a CHECK reads as a number", "d: { replace: x }", &[("check-constraint", "numeric_text")]),
    ]
}

/// Types, lengths and NULL, as far as only the server can tell.
fn values() -> Vec<Trial> {
    let schema = "create table t (id int primary key, name text not null, short varchar(5), fixed char(4), tags varchar(3)[],
            a int, b int, n numeric(4,2), padded char(4) check (padded in ('AB', 'CD')), shout citext check (shout in ('x', 'y')),
            made text not null default nullif('x', 'x'));
        insert into t values (1, 'x', 'abc', 'AB', '{a}', 1, 0, 1, 'AB', 'x', 'm'), (2, 'y', 'de', 'CD', '{b}', 1, 1, 2, 'CD', 'y', 'm')";
    over(
        schema,
        &[
            (
                "an expression that is null in one row",
                "name: sql nullif(name, 'x')",
                &[("not-null", "t.name` can't be null, and would be in 1 row")],
            ),
            ("an expression that is null in no row", "name: sql nullif(name, 'z')", FINE),
            ("a default that is null", "made: default", &[("not-null", "made")]),
            ("an expression that is too long in one row", "short: sql short || short", &[("too-long", "in 1 row")]),
            ("an expression that is short enough", "short: sql short || 'xx'", FINE),
            ("a too long expression for char(n)", "fixed: sql fixed || '-gone'", &[("too-long", "fixed")]),
            ("blanks behind char(n)", "fixed: sql 'ab' || '      '", FINE),
            ("a literal that char(n) pads", "padded: { replace: CD }", FINE),
            ("a literal that is too long for char(n)", "padded: { replace: CDEFG }", &[("too-long", "padded")]),
            ("an element that is too long", "tags: sql array['long']", &[("too-long", "tags")]),
            ("an element that fits", "tags: sql array['abc']", FINE),
            ("an expression that fails in one row", "a: sql a / b", &[("sql-refused", "division by zero")]),
            ("an expression that fails in no row", "a: sql a / (b + 1)", FINE),
            ("an expression that is out of range", "n: sql n * 50", &[("wrong-type", "out of range")]),
            ("capitals in citext, where they don't count", "shout: { replace: X }", FINE),
            ("now, which needs no row", "name: sql now()::text", FINE),
        ],
    )
    .collect()
}

fn domains() -> Vec<Trial> {
    let schema = r"create domain word as text not null constraint word_not_empty check (value <> '');
        create domain nick as word constraint lower_only check (value = lower(value));
        create domain phone as varchar(20) default '+0' constraint has_plus check (value ~ '^\+');
        create domain something as text constraint not_nothing check (value is not null);
        create domain plus as text default 'minus' constraint has_plus_too check (value like '+%');
        create type mood as enum ('good', 'bad', 'gone');
        create domain fine_mood as mood constraint not_gone check (value <> 'gone');
        create type contact as (number phone, note text);
        create table t (id int primary key, name nick, phone phone, more something, plus plus, mood fine_mood, phones phone[],
            contact contact);
        insert into t values (1, 'ann', '+1', 'm', '+', 'good', '{+1}', row('+1', 'x'))";
    let other = |other: &str| {
        let kept = ["id", "name", "more", "plus", "phones", "contact"].map(|name| format!("{name}: keep")).join("; ");
        columns(&kept).replace("other_columns: keep", &format!("other_columns: {other}"))
    };
    let mut all: Vec<Trial> = over(
        schema,
        &[
            ("null in a domain over one that refuses it", "name: null", &[("not-null", "name")]),
            (
                "a literal that the inner domain refuses",
                "name: { replace: \"\" }",
                &[("check-constraint", "word_not_empty")],
            ),
            ("a literal that the outer domain refuses", "name: { replace: X }", &[("check-constraint", "lower_only")]),
            ("a literal that both take", "name: { replace: x }", FINE),
            ("a random value that a domain takes", "name: { randomize: token }", FINE),
            ("random names that a domain refuses", "name: { randomize: name }", &[("check-constraint", "lower_only")]),
            (
                "an expression that is null in a domain that refuses it",
                "name: sql nullif(name, 'ann')",
                &[("not-null", "name")],
            ),
            ("null in a domain whose CHECK refuses it", "more: null", &[("check-constraint", "not_nothing")]),
            ("a default that its own domain refuses", "plus: default", &[("check-constraint", "has_plus_too")]),
            ("a default that its domain takes", "phone: default", FINE),
            ("an enum's label that a domain refuses", "mood: { replace: gone }", &[("check-constraint", "not_gone")]),
            ("an enum's label that a domain takes", "mood: { replace: bad }", FINE),
            ("random labels of which a domain refuses one", "mood: randomize", &[("check-constraint", "not_gone")]),
            ("random labels that a domain takes", "mood: { randomize: choice, from: [good, bad] }", FINE),
            ("a word that is no label", "mood: { replace: great }", &[("not-in-enum", "mood")]),
            ("an element that its domain refuses", "phones: { replace: \"{1}\" }", &[("check-constraint", "has_plus")]),
            ("an element that its domain takes", "phones: { replace: \"{+2,+3}\" }", FINE),
            ("a field that its domain refuses", "contact: { replace: \"(1,x)\" }", &[("check-constraint", "has_plus")]),
            ("a field that its domain takes", "contact: { replace: \"(+1,x)\" }", FINE),
        ],
    )
    .collect();
    all.push(ruled(
        "other columns: default, which domains take",
        schema,
        &other("default").replace("      id: keep\n", "      id: keep\n      mood: keep\n"),
        FINE,
    ));
    all.push(ruled(
        "other columns: random, which domains refuse",
        schema,
        &other("randomize"),
        &[("check-constraint", "not_gone"), ("check-constraint", "has_plus")],
    ));
    all.push(ruled("other columns: null, which domains take", schema, &other("null"), FINE));
    all.push(ruled(
        "other columns: null, which one domain's CHECK refuses",
        schema,
        &other("null").replace("      more: keep\n", ""),
        &[("check-constraint", "not_nothing")],
    ));
    all
}

fn exclusions() -> Vec<Trial> {
    let schema = "create table t (id int primary key, room int, starts timestamp, ends timestamp, active boolean, key uuid, code text,
            during tsrange generated always as (tsrange(starts, ends)) stored,
            constraint no_double exclude using gist (room with =, during with &&),
            constraint no_double_by_expression exclude using gist (id with =, tsrange(starts, ends) with &&) where (active),
            constraint one_key exclude using gist (key with =),
            constraint one_code exclude using btree (lower(code) with =));
        insert into t select n, n, '2020-01-01', '2020-01-02', false, gen_random_uuid(), 'c' || n from generate_series(1, 20) as n";
    over(
        schema,
        &[
            (
                "a source of a generated range that may not overlap",
                "starts: { replace: 2019-01-01 }",
                &[("exclusion-constraint", "`no_double`")],
            ),
            ("null in a part of an exclusion", "room: null", FINE),
            ("the same room for all", "room: { replace: 1 }", &[("exclusion-constraint", "`no_double`")]),
            ("null in a range's end, which then is open", "ends: null", &[("exclusion-constraint", "`no_double`")]),
            ("null in both parts", "ends: null; room: null", FINE),
            ("a row that comes under an exclusion beside its own key", "active: { replace: true }", FINE),
            ("random keys under an exclusion by equality", "key: randomize", FINE),
            (
                "one key for all",
                "key: { replace: 00000000-0000-0000-0000-000000000000 }",
                &[("exclusion-constraint", "`one_key`")],
            ),
            ("a random code under an exclusion over an expression", "code: { randomize: token }", FINE),
            ("random names under an exclusion", "code: { randomize: name }", &[("exclusion-constraint", "`one_code`")]),
        ],
    )
    .collect()
}

fn odd_columns() -> Vec<Trial> {
    let schema = "create table t (id int primary key, a text, seq int generated always as identity,
            num int generated by default as identity, made text generated always as (upper(a)) stored, key text unique,
            made_key text generated always as (lower(key)) stored unique);
        create table child (key text references t (made_key));
        insert into t (id, a, key) values (1, 'a', 'k'), (2, 'b', 'l'); insert into child values ('k')";
    let rule = |decision: &str| format!("{}  {{s}}.child: {{ keep: x }}\n", columns(decision));
    let trial = |sentence, decision, expected: &[_]| ruled(sentence, schema, &rule(decision), expected);
    vec![
        trial("a literal for an identity column", "seq: { replace: 7 }", &[("generated-column", "seq")]),
        trial("the default of an identity column that takes no other", "seq: default", &[("generated-column", "seq")]),
        trial("null for an identity column", "seq: null", &[("generated-column", "seq")]),
        trial("a literal for an identity column by default", "num: { replace: 7 }", FINE),
        trial("the default of an identity column by default", "num: default", FINE),
        trial("a generated column", "made: { replace: x }", &[("generated-column", "made")]),
        trial("the source of a generated column", "a: { replace: x }", FINE),
        trial(
            "the source of a generated column that is referenced",
            "key: { randomize: token }",
            &[("referenced-column", "made_key")],
        ),
    ]
}

/// Values that go along with a natural key into another table.
fn followers() -> Vec<Trial> {
    let schema = "create table t (id int primary key, key text unique);
        create table child (id int primary key, key text references t (key), note text,
            size int generated always as (length(key)) stored, constraint of_a_size check (size < 40),
            constraint no_digit_first check (key !~ '^[0-9]'));
        insert into t select n, chr(96 + n) || n from generate_series(1, 20) as n;
        insert into child select n, chr(96 + n) || n from generate_series(1, 20) as n;
        alter table child add constraint noted check (note is not null) not valid";
    let trial = |sentence, schema: &str, decision, expected: &[_]| {
        let rule = format!("{}  {{s}}.child:\n    keep: x\n", columns(decision));
        ruled(sentence, schema, &rule, expected)
    };
    let valid = schema.replace("note is not null", "note is null");
    let takes_digits = valid.replace("'^[0-9]'", "'^[x-z]'");
    vec![
        trial(
            "a natural key that a CHECK of the table which follows refuses",
            &valid,
            "key: { randomize: token, propagate: true }",
            &[("check-constraint", "`no_digit_first` of table `c")],
        ),
        trial(
            "a natural key that is too long for what is generated from what follows",
            &takes_digits,
            "key: { randomize: token, length: 50, propagate: true }",
            &[("check-constraint", "`of_a_size` of table `c")],
        ),
        trial("a natural key that both tables take", &takes_digits, "key: { randomize: token, propagate: true }", FINE),
        trial(
            "rows that follow and break a CHECK already",
            &takes_digits.replace("note is null", "note is not null"),
            "key: { randomize: token, propagate: true }",
            &[("broken-already", "20 rows of table")],
        ),
    ]
}

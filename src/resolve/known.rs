//! What is known of a value without computing it: is it something, is it NULL, does each row have its own?
//!
//! New values are followed through the expressions of generated columns and indexes, of which the server has printed the
//! text. What isn't certain isn't known: an unfamiliar function, an operator of somebody's, a text that isn't understood.

use sqlparser::ast::{
    BinaryOperator, CharacterLength, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectName, Value,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::model::{ColumnChange, Derived, NewValue};
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::ident::Ident;
use crate::pgtype::PgType;

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// It is NULL.
    pub null: bool,
    /// It is not NULL.
    pub some: bool,
    /// How it differs from those of other rows.
    pub apart: Apart,
    /// It is what it was before.
    pub same: bool,
    /// It is the same for every row.
    pub constant: bool,
    /// It is a text, and not an array or a document.
    pub text: bool,
}

/// Whether each row has a value of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Apart {
    /// Not that we know.
    #[default]
    No,
    /// It has one that no other row has or had, or the one that it had before; or else those rows that had one in common
    /// have one in common.
    OrAsBefore,
    /// It has one that no other row has or had, or NULL as before.
    OrNull,
}

impl Known {
    const NOTHING: Known =
        Known { null: false, some: false, apart: Apart::No, same: false, constant: false, text: false };
    const SOME: Known = Known { some: true, ..Known::NOTHING };
    const CONSTANT: Known = Known { constant: true, ..Known::SOME };
    const NULL: Known = Known { null: true, constant: true, ..Known::NOTHING };
    const APART: Known = Known { apart: Apart::OrNull, ..Known::SOME };

    /// Whether no two rows have it in common, whatever else is compared with it.
    pub fn is_distinct(self, nulls_not_distinct: bool) -> bool {
        (self.apart == Apart::OrNull && (self.some || !nulls_not_distinct)) || (self.null && !nulls_not_distinct)
    }

    /// Whether two rows have it in common only where they had before.
    pub fn joins_nobody(self) -> bool {
        self.same || self.apart != Apart::No
    }
}

/// A row in the middle of being changed.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub catalog: &'a Catalog,
    pub table: &'a Table,
    pub changes: &'a [ColumnChange],
    pub extent: Extent,
}

/// Which rows of the table change so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them, as in a masked copy.
    All,
    /// Some.
    Some,
    /// Those that reference a natural key: where they reference one row they take one value.
    Following,
}

/// A longer expression isn't looked at: chains of operators are trees as deep as they are long.
const MAX_BYTES: usize = 8 << 10;

impl<'a> Row<'a> {
    /// Whether a column may be NULL when the row has been changed.
    pub fn may_be_null(&self, column: &Column) -> bool {
        !self.known(column).some
    }

    /// What is known of an expression's value when the row has been changed.
    pub(super) fn of_expression(&self, sql: &str) -> Known {
        of_expression(sql, &|name| {
            let Some(column) = self.table.column(name) else { return Known::NOTHING };
            let known = self.known(column);
            let derived = matches!(self.change_of(column), Some(ColumnChange { value: NewValue::Derived(_), .. }));
            // One value is made of values that are equal, and an expression may tell `1.0` from `1.00`.
            let exact = matches!(column.ty, PgType::Text { .. } | PgType::Char { .. });
            Known { apart: if derived && !exact { Apart::No } else { known.apart }, ..known }
        })
    }

    /// What is known of a column's value when the row has been changed.
    pub(super) fn known(&self, column: &Column) -> Known {
        let known = match &column.generated {
            Generated::Expression { sql, .. } => self.of_expression(sql),
            Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => match self.change_of(column) {
                Some(change) => self.new_value(column, change),
                None => Known { same: true, some: self.catalog.is_never_null(column), ..Known::NOTHING },
            },
        };
        Known { text: column.ty.is_text(), ..known }
    }

    /// What changes a column: its own change, or the first of a column that it is generated from.
    pub fn change_of(&self, column: &Column) -> Option<&'a ColumnChange> {
        let mut changes = self.changes.iter();
        let name = |change: &ColumnChange| &self.table.column_at(change.column).name;
        match &column.generated {
            // In the order of the file, like every other finding.
            Generated::Expression { from, .. } => changes.find(|change| from.contains(name(change))),
            Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => {
                changes.find(|change| *name(change) == column.name)
            }
        }
    }

    fn new_value(&self, column: &Column, change: &ColumnChange) -> Known {
        match &change.value {
            NewValue::Null => Known::NULL,
            NewValue::Literal(_) | NewValue::StandIn(_) => Known::CONSTANT,
            NewValue::Random(generator) => Known {
                apart: match (generator.is_unique(), self.extent) {
                    (true, Extent::All | Extent::Some) => Apart::OrNull,
                    (true, Extent::Following) => Apart::OrAsBefore,
                    (false, _) => Apart::No,
                },
                some: self.catalog.is_never_null(column),
                ..Known::NOTHING
            },
            // NULL is computed from NULL alone. Different values become different pseudonyms, but where some rows stay as
            // they are, or were pseudonymised by an earlier run, one of them may have a pseudonym already.
            NewValue::Derived(derived) => Known {
                apart: match (derived, self.extent) {
                    (Derived::Pseudonym(generator), Extent::All | Extent::Following) if generator.is_unique() => {
                        Apart::OrAsBefore
                    }
                    (
                        Derived::Pseudonym(_)
                        | Derived::Mask(_)
                        | Derived::Generalize(_)
                        | Derived::Shift { .. }
                        | Derived::Document(_),
                        Extent::All | Extent::Some | Extent::Following,
                    ) => Apart::No,
                },
                some: self.catalog.is_never_null(column),
                ..Known::NOTHING
            },
            NewValue::Default => match (self.catalog.default_of(column), &column.generated) {
                (Some(default), _) => Known { same: false, ..of_expression(default, &|_| Known::NOTHING) },
                (None, Generated::IdentityAlways | Generated::IdentityByDefault) => Known::APART,
                (None, Generated::No | Generated::Expression { .. }) => Known::NULL,
            },
            // It is computed from the row as it was.
            NewValue::Expression(expression) => {
                let known = of_expression(&expression.fragment.text, &|name| {
                    let old = self.table.column(name);
                    let some = old.is_some_and(|column| self.catalog.is_never_null(column));
                    Known { some, text: old.is_some_and(|column| column.ty.is_text()), ..Known::NOTHING }
                });
                Known { same: false, ..known }
            }
        }
    }
}

/// What is known of an expression's value, where that of each column is.
pub(super) fn of_expression(sql: &str, column: &dyn Fn(&Ident) -> Known) -> Known {
    if sql.len() > MAX_BYTES {
        return Known::NOTHING;
    }
    // As the server prints `btrim(x)` where that was written so; the parser wants to be told what is trimmed.
    let sql = sql.replace("TRIM(BOTH FROM ", "btrim(");
    let sql = sql.replace("TRIM(LEADING FROM ", "ltrim(").replace("TRIM(TRAILING FROM ", "rtrim(");
    let dialect = PostgreSqlDialect {};
    let parsed = Parser::new(&dialect).try_with_sql(&sql).and_then(|mut parser| {
        let expression = parser.parse_expr()?;
        parser.expect_token(&Token::EOF).map(|_| expression)
    });
    parsed.map_or(Known::NOTHING, |expression| Following { column }.known(&expression))
}

struct Following<'a> {
    column: &'a dyn Fn(&Ident) -> Known,
}

impl Following<'_> {
    fn known(&self, expression: &Expr) -> Known {
        match expression {
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.known(inner),
            Expr::Identifier(name) => (self.column)(&folded(name)),
            Expr::Value(value) => match &value.value {
                Value::Null => Known { same: true, ..Known::NULL },
                Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) => {
                    Known { same: true, text: true, ..Known::CONSTANT }
                }
                _ => Known { same: true, ..Known::CONSTANT },
            },
            Expr::Cast { expr, data_type, .. } => cast(self.known(expr), data_type),
            Expr::BinaryOp { left, op, right } => operator(op, self.known(left), self.known(right)),
            Expr::Function(function) => self.function(function),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let parts = [Some(expr), substring_from.as_ref(), substring_for.as_ref()].into_iter().flatten();
                called("substring", &parts.map(|part| self.known(part)).collect::<Vec<_>>())
            }
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(_, _)
            | Expr::IsNotDistinctFrom(_, _) => Known::SOME,
            _ => Known::NOTHING,
        }
    }

    fn function(&self, function: &Function) -> Known {
        let arguments = match &function.args {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::List(list) if list.clauses.is_empty() && list.duplicate_treatment.is_none() => {
                let argument = |argument: &FunctionArg| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(self.known(expression)),
                    _ => None,
                };
                match list.args.iter().map(argument).collect() {
                    Some(arguments) => arguments,
                    None => return Known::NOTHING,
                }
            }
            FunctionArguments::List(_) | FunctionArguments::Subquery(_) => return Known::NOTHING,
        };
        match name(&function.name) {
            Some(name) => called(&name, &arguments),
            None => Known::NOTHING,
        }
    }
}

/// A function's name without `pg_catalog`; of others those that make unique values may stand in any schema.
fn name(name: &ObjectName) -> Option<String> {
    let parts: Option<Vec<Ident>> = name.0.iter().map(|part| part.as_ident().map(folded)).collect();
    match &parts?[..] {
        [only] => Some(only.as_str().to_owned()),
        [schema, last] if schema.as_str() == "pg_catalog" || last.as_str().starts_with("uuid_generate_") => {
            Some(last.as_str().to_owned())
        }
        [_, last] if last.as_str() == "gen_random_uuid" => Some(last.as_str().to_owned()),
        _ => None,
    }
}

fn folded(name: &sqlparser::ast::Ident) -> Ident {
    if name.quote_style.is_some() {
        Ident::from(name.value.as_str())
    } else {
        Ident::from(name.value.to_lowercase().as_str())
    }
}

fn called(name: &str, arguments: &[Known]) -> Known {
    let all = |what: fn(&Known) -> bool| arguments.iter().all(what);
    let null = arguments.iter().any(|argument| argument.null);
    // Indexes and generated columns call only what gives the same for the same.
    let (some, same, constant) = (all(|it| it.some), all(|it| it.same), all(|it| it.constant));
    match (name, arguments) {
        (
            "gen_random_uuid" | "uuid_generate_v1" | "uuid_generate_v1mc" | "uuid_generate_v4" | "uuidv4" | "uuidv7",
            [],
        )
        | ("nextval", [_]) => Known::APART,
        ("now" | "clock_timestamp" | "statement_timestamp" | "transaction_timestamp", [])
        | ("current_timestamp" | "current_date" | "current_time" | "localtimestamp" | "localtime", []) => Known::SOME,
        ("coalesce", _) => coalesce(arguments),
        // Different for different values of our making, hexadecimal characters and numbers, in which nothing is folded or
        // cut off; and NULL for NULL alone.
        ("lower" | "upper" | "initcap" | "reverse" | "md5" | "btrim" | "ltrim" | "rtrim", [one]) => {
            Known { text: true, ..*one }
        }
        ("sha224" | "sha256" | "sha384" | "sha512", [one]) => Known { text: false, ..*one },
        ("encode" | "convert_to", [first, rest]) if rest.constant && rest.some && rest.same => {
            Known { text: name == "encode", ..*first }
        }
        ("concat", _) => Known { same, constant, text: true, ..Known::SOME },
        (
            "left" | "right" | "substr" | "substring" | "replace" | "translate" | "split_part" | "lpad" | "rpad"
            | "repeat" | "btrim" | "ltrim" | "rtrim",
            _,
        ) => Known { null, some, same, constant, text: true, ..Known::NOTHING },
        (
            "length" | "char_length" | "character_length" | "octet_length" | "to_tsvector" | "abs" | "round" | "floor"
            | "ceil" | "ceiling" | "date_trunc",
            _,
        ) => Known { null, some, same, constant, ..Known::NOTHING },
        // These can be NULL for what isn't.
        ("date_part" | "nullif" | "jsonb_extract_path_text" | "json_extract_path_text", [first, ..]) => {
            Known { null: first.null, same, ..Known::NOTHING }
        }
        _ => Known { same, ..Known::NOTHING },
    }
}

fn coalesce(arguments: &[Known]) -> Known {
    let start = arguments.iter().take_while(|argument| argument.null).count();
    let Some((first, rest)) = arguments[start..].split_first() else { return Known::NULL };
    let as_before = |argument: &Known| argument.same;
    let same = arguments.iter().all(as_before);
    // What isn't apart is as before only where nothing took its place, before or now.
    let apart = match first.apart {
        Apart::OrNull if first.some => Apart::OrNull,
        apart if start == 0 && rest.is_empty() => apart,
        Apart::OrNull | Apart::OrAsBefore
            if arguments[..start].iter().all(as_before) && (first.some || rest.iter().all(as_before)) =>
        {
            Apart::OrAsBefore
        }
        Apart::OrNull | Apart::OrAsBefore | Apart::No => Apart::No,
    };
    let some = arguments.iter().any(|argument| argument.some);
    Known { some, apart, same, text: first.text, constant: first.some && first.constant, ..Known::NOTHING }
}

fn operator(operator: &BinaryOperator, left: Known, right: Known) -> Known {
    let null = left.null || right.null;
    let (some, same) = (left.some && right.some, left.same && right.same);
    let constant = left.constant && right.constant;
    let plain = Known { null, some, same, constant, ..Known::NOTHING };
    match operator {
        BinaryOperator::StringConcat => {
            // An array and an element make an array, whatever is NULL.
            let text = left.text && right.text;
            let beside = |part: Known, fixed: Known| match (fixed.constant && fixed.some && fixed.same, part.apart) {
                // Beside a value that varies, two different ones could come to the same.
                (false, _) => Apart::No,
                (true, apart) if text || part.some => apart,
                (true, apart) => apart.min(Apart::OrAsBefore),
            };
            Known { null: null && text, apart: beside(left, right).max(beside(right, left)), text, ..plain }
        }
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq => plain,
        // What isn't in a document is NULL.
        BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow => Known { some: false, ..plain },
        _ => Known { same, ..Known::NOTHING },
    }
}

fn cast(value: Known, to: &DataType) -> Known {
    let whole = |length: &Option<CharacterLength>| length.is_none();
    let cut = Known { text: true, apart: Apart::No, ..value };
    match to {
        DataType::Text => Known { text: true, ..value },
        DataType::Varchar(length) | DataType::CharacterVarying(length) if whole(length) => {
            Known { text: true, ..value }
        }
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::Character(_) | DataType::Char(_) => cut,
        DataType::Custom(name, modifiers) if modifiers.is_empty() && is_citext(name) => Known { text: true, ..value },
        DataType::Uuid | DataType::BigInt(None) => Known { text: false, ..value },
        DataType::Array(_) => Known { same: value.same, constant: value.constant, ..Known::NOTHING },
        // A literal that isn't NULL makes a value that isn't.
        _ => Known { some: value.some && value.constant, text: false, apart: Apart::No, ..value },
    }
}

fn is_citext(name: &ObjectName) -> bool {
    name.0.last().and_then(|part| part.as_ident()).is_some_and(|last| folded(last).as_str() == "citext")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known of an expression over `a`, of which this is known, and `b`, of which nothing is.
    fn of(a: Known, sql: &str) -> Known {
        of_expression(sql, &|name| match name.as_str() {
            "a" | "A b" => Known { text: true, ..a },
            _ => Known { text: true, ..Known::NOTHING },
        })
    }

    #[test]
    fn values_that_are_apart_stay_apart_only_where_nothing_is_cut_or_mixed() {
        for sql in [
            "a",
            "\"A b\"",
            "lower(a)",
            "lower((a)::text)",
            "btrim(lower((a)::text))",
            "TRIM(BOTH FROM a)",
            "upper((a COLLATE \"C\"))",
            "md5(a)",
            "encode(sha256(convert_to(a, 'UTF8'::name)), 'hex'::text)",
            "(a)::public.citext",
            "(a || '@example.org'::text)",
            "COALESCE(a, ''::text)",
            "COALESCE(NULL::text, a)",
            "(a)::character varying",
        ] {
            assert!(of(Known::APART, sql).is_distinct(true), "{sql}");
        }
        for sql in [
            "b",
            "'a'::text",
            "\"left\"(a, 3)",
            "SUBSTRING(a FROM 1 FOR 3)",
            "split_part(a, '@'::text, 2)",
            "(a)::character varying(3)",
            "(a)::character(1)",
            "(a)::\"char\"",
            "(a)::name",
            "(a = 'x'::text)",
            "(a IS NULL)",
            "(a > b)",
            "(a || b)",
            "(b || a)",
            "COALESCE(b, a)",
            "btrim(a, '0123456789abcdef'::text)",
            "TRIM(BOTH '0'::text FROM a)",
            "public.lower(a)",
            "(a % 10)",
            "ARRAY[a]",
            "CASE WHEN b THEN a ELSE NULL::text END",
            "hashtext(a)",
            "length(a)",
            "(a)::text[]",
            "lower(a",
        ] {
            assert!(!of(Known::APART, sql).is_distinct(false), "{sql}");
        }
    }

    #[test]
    fn where_null_stays_a_value_is_apart_or_what_it_was_before() {
        let or_null = Known { some: false, ..Known::APART };
        let apart = |sql: &str| {
            of_expression(sql, &|name| match name.as_str() {
                "a" => Known { text: true, ..or_null },
                "same" => Known { text: true, same: true, ..Known::NOTHING },
                _ => Known { text: true, ..Known::NOTHING },
            })
            .apart
        };
        for sql in ["a", "lower(a)", "(a || '@x'::text)", "md5((a)::text)", "COALESCE(a)"] {
            assert_eq!(apart(sql), Apart::OrNull, "{sql}");
        }
        for sql in
            ["COALESCE(a, ''::text)", "COALESCE(NULL::text, a)", "COALESCE(a, same)", "lower(COALESCE(a, upper(same)))"]
        {
            assert_eq!(apart(sql), Apart::OrAsBefore, "{sql}");
        }
        for sql in ["COALESCE(a, b)", "COALESCE(same, a)", "(a || same)", "(a || b)", "COALESCE(\"left\"(a, 3), same)"]
        {
            assert_eq!(apart(sql), Apart::No, "{sql}");
        }
        assert!(or_null.is_distinct(false) && !or_null.is_distinct(true));
    }

    #[test]
    fn what_is_made_of_null_is_null_only_where_that_is_certain() {
        for sql in [
            "a",
            "lower(a)",
            "(a || b)",
            "(b -> a)",
            "\"left\"(a, 3)",
            "SUBSTRING(a FROM 1 FOR 3)",
            "COALESCE(a, NULL::text)",
            "(a)::date",
        ] {
            assert!(of(Known::NULL, sql).null, "{sql}");
        }
        for sql in [
            "b",
            "COALESCE(a, ''::text)",
            "COALESCE(a, b)",
            "concat(a, b)",
            "public.f(a)",
            "(a IS NULL)",
            "tsrange(a, b)",
            "ARRAY[a]",
            "((a)::text[] || b)",
        ] {
            assert!(!of(Known::NULL, sql).null, "{sql}");
        }
    }

    #[test]
    fn what_is_made_of_something_is_something_only_where_that_is_certain() {
        for sql in ["lower(a)", "(a || 'x'::text)", "concat(b)", "COALESCE(b, a)", "(b IS NULL)", "now()", "length(a)"]
        {
            assert!(of(Known::SOME, sql).some, "{sql}");
        }
        for sql in ["b", "(a || b)", "NULLIF(a, ''::text)", "(a -> 'x'::text)", "COALESCE(b, NULL::text)", "f(a)"] {
            assert!(!of(Known::SOME, sql).some, "{sql}");
        }
    }

    #[test]
    fn what_makes_unique_values_is_told_from_what_only_looks_so() {
        let apart = |sql: &str| of(Known::NOTHING, sql).is_distinct(true);
        assert!(apart("gen_random_uuid()") && apart("(public.uuid_generate_v4())::text"));
        assert!(apart("nextval('public.users_id_seq'::regclass)"));
        assert!(apart("('U-'::text || nextval('s'::regclass))"));
        assert!(!apart("\"left\"((gen_random_uuid())::text, 4)"));
        assert!(!apart("(nextval('s'::regclass) % (10)::bigint)"));
        assert!(!apart("public.uuid_generate_v5(public.uuid_ns_url(), 'x'::text)"));
        assert!(!apart("(b || nextval('s'::regclass))"));
    }
}

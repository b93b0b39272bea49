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

use super::model::{ColumnChange, NewValue};
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::ident::Ident;

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// It is NULL.
    pub null: bool,
    /// It is not NULL.
    pub some: bool,
    /// Each row that takes it has another, and nobody had it before.
    pub apart: bool,
    /// It is the same for every row.
    pub constant: bool,
    /// It is a text, and not an array or a document.
    pub text: bool,
}

impl Known {
    const NOTHING: Known = Known { null: false, some: false, apart: false, constant: false, text: false };
    const SOME: Known = Known { some: true, ..Known::NOTHING };
    const CONSTANT: Known = Known { constant: true, ..Known::SOME };
    const NULL: Known = Known { null: true, constant: true, ..Known::NOTHING };
    const APART: Known = Known { apart: true, ..Known::SOME };
}

/// A longer expression isn't looked at: chains of operators are trees as deep as they are long.
const MAX_BYTES: usize = 8 << 10;

/// What is known of a column's value in a row that changes.
pub(super) fn of_column(catalog: &Catalog, table: &Table, changes: &[ColumnChange], column: &Column) -> Known {
    let known = match &column.generated {
        Generated::Expression { sql, .. } => of_expression(sql, &|name| {
            // A generated column is made of none.
            let source = table.column(name).filter(|found| !matches!(found.generated, Generated::Expression { .. }));
            source.map_or(Known::NOTHING, |found| of_column(catalog, table, changes, found))
        }),
        Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => {
            match changes.iter().find(|change| table.column_at(change.column).name == column.name) {
                Some(change) => of_change(catalog, table, column, &change.value),
                None => Known { some: catalog.is_never_null(column), ..Known::NOTHING },
            }
        }
    };
    Known { text: column.ty.is_text(), ..known }
}

fn of_change(catalog: &Catalog, table: &Table, column: &Column, value: &NewValue) -> Known {
    match value {
        NewValue::Null => Known::NULL,
        NewValue::Literal(_) | NewValue::StandIn(_) => Known::CONSTANT,
        NewValue::Random(generator) => Known { apart: generator.is_unique(), ..Known::SOME },
        NewValue::Default => match (catalog.default_of(column), &column.generated) {
            (Some(default), _) => of_expression(default, &|_| Known::NOTHING),
            (None, Generated::IdentityAlways | Generated::IdentityByDefault) => Known::APART,
            (None, Generated::No | Generated::Expression { .. }) => Known::NULL,
        },
        // It is computed from the row as it was.
        NewValue::Expression(expression) => of_expression(&expression.fragment.text, &|name| {
            let old = table.column(name);
            let some = old.is_some_and(|column| catalog.is_never_null(column));
            Known { some, text: old.is_some_and(|column| column.ty.is_text()), ..Known::NOTHING }
        }),
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
                Value::Null => Known::NULL,
                Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) => {
                    Known { text: true, ..Known::CONSTANT }
                }
                _ => Known::CONSTANT,
            },
            Expr::Cast { expr, data_type, .. } => cast(self.known(expr), data_type),
            Expr::BinaryOp { left, op, right } => operator(op, self.known(left), self.known(right)),
            Expr::Function(function) => self.function(function),
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

/// A function that gives different values for different ones of our making (hexadecimal characters and numbers, in which
/// nothing is folded or cut off), and is NULL for NULL alone.
fn mapped(argument: Known) -> Known {
    Known { text: true, ..argument }
}

fn called(name: &str, arguments: &[Known]) -> Known {
    let null = arguments.iter().any(|argument| argument.null);
    let some = arguments.iter().all(|argument| argument.some);
    let constant = arguments.iter().all(|argument| argument.constant);
    match (name, arguments) {
        (
            "gen_random_uuid" | "uuid_generate_v1" | "uuid_generate_v1mc" | "uuid_generate_v4" | "uuidv4" | "uuidv7",
            [],
        )
        | ("nextval", [_]) => Known::APART,
        ("now" | "clock_timestamp" | "statement_timestamp" | "transaction_timestamp", [])
        | ("current_timestamp" | "current_date" | "current_time" | "localtimestamp" | "localtime", []) => Known::SOME,
        ("lower" | "upper" | "initcap" | "reverse" | "md5" | "btrim" | "ltrim" | "rtrim", [one]) => mapped(*one),
        ("sha224" | "sha256" | "sha384" | "sha512", [one]) => Known { text: false, ..*one },
        ("encode" | "convert_to", [first, rest]) if rest.constant && rest.some => {
            Known { text: name == "encode", ..*first }
        }
        ("coalesce", _) => {
            let mut left = arguments.iter().filter(|argument| !argument.null);
            match left.next() {
                Some(first) if first.some => *first,
                Some(_) => Known { some: arguments.iter().any(|argument| argument.some), ..Known::NOTHING },
                None => Known::NULL,
            }
        }
        ("concat", _) => Known { text: true, ..Known::SOME },
        (
            "left" | "right" | "substr" | "substring" | "replace" | "translate" | "split_part" | "lpad" | "rpad"
            | "repeat" | "btrim" | "ltrim" | "rtrim",
            _,
        ) => Known { null, some, constant, text: true, ..Known::NOTHING },
        (
            "length" | "char_length" | "character_length" | "octet_length" | "to_tsvector" | "abs" | "round" | "floor"
            | "ceil" | "ceiling" | "date_trunc" | "encode" | "convert_to",
            _,
        ) => Known { null, some, constant, ..Known::NOTHING },
        // These can be NULL for what isn't.
        ("date_part" | "nullif" | "jsonb_extract_path_text" | "json_extract_path_text", [first, ..]) => {
            Known { null: first.null, ..Known::NOTHING }
        }
        _ => Known::NOTHING,
    }
}

fn operator(operator: &BinaryOperator, left: Known, right: Known) -> Known {
    let null = left.null || right.null;
    let some = left.some && right.some;
    let constant = left.constant && right.constant;
    match operator {
        // An array and an element make an array, whatever is NULL.
        BinaryOperator::StringConcat => {
            let text = left.text && right.text;
            // Beside a value that varies, two different ones could come to the same.
            let beside = |fixed: Known| fixed.constant && fixed.some;
            let apart = left.apart && beside(right) || right.apart && beside(left);
            Known { null: null && text, some, apart, constant, text }
        }
        BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
            Known { null, some, constant, ..Known::NOTHING }
        }
        BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::Divide
        | BinaryOperator::Modulo => Known { null, some, constant, ..Known::NOTHING },
        // What isn't in a document is NULL.
        BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow => Known { null, ..Known::NOTHING },
        _ => Known::NOTHING,
    }
}

fn cast(value: Known, to: &DataType) -> Known {
    let whole = |length: &Option<CharacterLength>| length.is_none();
    match to {
        DataType::Text => Known { text: true, ..value },
        DataType::Varchar(length) | DataType::CharacterVarying(length) if whole(length) => {
            Known { text: true, ..value }
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() && is_citext(name) => Known { text: true, ..value },
        DataType::Uuid | DataType::BigInt(None) => Known { text: false, ..value },
        // Cut to a length; but not to nothing.
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::Character(_) | DataType::Char(_) => {
            Known { text: true, apart: false, ..value }
        }
        DataType::Array(_) => Known { constant: value.constant, ..Known::NOTHING },
        _ => Known { null: value.null, some: value.some && value.constant, constant: value.constant, ..Known::NOTHING },
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
            assert!(of(Known::APART, sql).apart, "{sql}");
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
            assert!(!of(Known::APART, sql).apart, "{sql}");
        }
    }

    #[test]
    fn what_is_made_of_null_is_null_only_where_that_is_certain() {
        for sql in ["a", "lower(a)", "(a || b)", "(b -> a)", "\"left\"(a, 3)", "COALESCE(a, NULL::text)", "(a)::date"] {
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
        let apart = |sql: &str| of(Known::NOTHING, sql).apart;
        assert!(apart("gen_random_uuid()") && apart("(public.uuid_generate_v4())::text"));
        assert!(apart("nextval('public.users_id_seq'::regclass)"));
        assert!(apart("('U-'::text || nextval('s'::regclass))"));
        assert!(!apart("\"left\"((gen_random_uuid())::text, 4)"));
        assert!(!apart("(nextval('s'::regclass) % (10)::bigint)"));
        assert!(!apart("public.uuid_generate_v5(public.uuid_ns_url(), 'x'::text)"));
        assert!(!apart("(b || nextval('s'::regclass))"));
    }
}

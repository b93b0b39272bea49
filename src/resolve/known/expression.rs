//! What is known of an expression's value, where that of each column is?

use sqlparser::ast::{
    BinaryOperator, CharacterLength, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectName, UnaryOperator, Value,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{Apart, Known};
use crate::ident::Ident;

/// A longer expression isn't looked at: chains of operators are trees as deep as they are long.
const MAX_BYTES: usize = 8 << 10;

/// What an expression is made of.
pub(super) trait Columns {
    /// What is known of a column's value.
    fn column(&self, name: &Ident) -> Known;

    /// What is known of a value in a column's document, to which these keys lead; none where that of the whole column says
    /// as much.
    fn within(&self, _name: &Ident, _keys: &[String], _as_text: bool) -> Option<Known> {
        None
    }
}

impl<F: Fn(&Ident) -> Known> Columns for F {
    fn column(&self, name: &Ident) -> Known {
        self(name)
    }
}

/// What is known of an expression's value, where that of each column is.
pub(super) fn of_expression(sql: &str, columns: &dyn Columns) -> Known {
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
    parsed.map_or(Known::NOTHING, |expression| Following { columns }.known(&expression))
}

struct Following<'a> {
    columns: &'a dyn Columns,
}

impl Following<'_> {
    fn known(&self, expression: &Expr) -> Known {
        match expression {
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.known(inner),
            Expr::Identifier(name) => self.columns.column(&folded(name)),
            Expr::Value(value) => match &value.value {
                Value::Null => Known { same: true, ..Known::NULL },
                Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) => {
                    Known { same: true, text: true, ..Known::CONSTANT }
                }
                _ => Known { same: true, ..Known::CONSTANT },
            },
            Expr::Cast { expr, data_type, .. } => cast(self.known(expr), data_type),
            Expr::BinaryOp { left, op, right } => {
                self.within(expression).unwrap_or_else(|| operator(op, self.known(left), self.known(right)))
            }
            Expr::Function(function) => self.function(function),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let parts = [Some(expr), substring_from.as_ref(), substring_for.as_ref()].into_iter().flatten();
                called("substring", &parts.map(|part| self.known(part)).collect::<Vec<_>>())
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Known { apart: Apart::No, text: false, ..self.known(expr) }
            }
            Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner) => Known { same: self.known(inner).same, ..Known::SOME },
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                Known { same: self.known(left).same && self.known(right).same, ..Known::SOME }
            }
            _ => Known::NOTHING,
        }
    }

    /// What is known of a value that is read of a document by its keys: `((p -> 'a'::text) ->> 'b'::text)`.
    fn within(&self, expression: &Expr) -> Option<Known> {
        let (mut keys, mut at, mut as_text) = (Vec::new(), expression, None);
        loop {
            match at {
                Expr::Nested(inner) => at = inner,
                Expr::BinaryOp { left, op: op @ (BinaryOperator::Arrow | BinaryOperator::LongArrow), right } => {
                    as_text.get_or_insert(*op == BinaryOperator::LongArrow);
                    keys.push(key(right)?);
                    at = left;
                }
                Expr::Identifier(name) => {
                    keys.reverse();
                    let known = self.columns.within(&folded(name), &keys, as_text?)?;
                    return Some(Known { text: as_text?, ..known });
                }
                _ => return None,
            }
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

/// A key that is written out.
fn key(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Nested(inner) | Expr::Cast { expr: inner, data_type: DataType::Text, .. } => key(inner),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(key) => Some(key.clone()),
            _ => None,
        },
        _ => None,
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
        of_expression(sql, &|name: &Ident| match name.as_str() {
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
            of_expression(sql, &|name: &Ident| match name.as_str() {
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

    /// A document `p` of which the value at `a`, and at `b` in `a`, is NULL, and everything else is what it was.
    struct InDocument;

    impl Columns for InDocument {
        fn column(&self, name: &Ident) -> Known {
            if name.as_str() == "P x" { Known::NOTHING } else { Known::SAME }
        }

        fn within(&self, name: &Ident, keys: &[String], _: bool) -> Option<Known> {
            let gone = keys == ["it's"] || keys == ["a", "b"];
            (name.as_str() == "P x").then_some(if gone { Known::NULL } else { Known::SAME })
        }
    }

    #[test]
    fn values_in_documents_are_found_by_their_keys() {
        let known = |sql: &str| of_expression(sql, &InDocument);
        for sql in [
            "((\"P x\" ->> 'it''s'::text))",
            "lower(((\"P x\" -> 'a'::text) ->> 'b'::text))",
            "((\"P x\" -> 'a'::text) -> 'b'::text)",
        ] {
            assert!(known(sql).null, "{sql}");
        }
        for sql in [
            "(\"P x\" ->> 'other'::text)",
            "((\"P x\" ->> 'c'::text) IS NULL)",
            "((email = 'x'::text) AND (NOT ((\"P x\" -> 'c'::text) = p)))",
            "(p ? 'x'::text)",
        ] {
            assert!(known(sql).same, "{sql}");
        }
        for sql in [
            "\"P x\"",
            "(\"P x\" ? 'x'::text)",
            "(\"P x\" ->> 0)",
            "(\"P x\" ->> email)",
            "(\"P x\" #>> '{a}'::text[])",
            "\"P x\"['a'::text]",
            "(f(\"P x\") = (\"P x\" ->> 'c'::text))",
        ] {
            assert!(!known(sql).same && !known(sql).null, "{sql}");
        }
    }
}

//! A column's new value, as SQL, and how to tell afterwards that it is there.

use super::writer::{Scene, Writer};
use crate::action::Generator;
use crate::action::random::{FIRST_NAMES, LAST_NAMES};
use crate::catalog::{Column, Table};
use crate::pgtype::PgType;
use crate::resolve::{ColumnChange, NewValue};

/// Sixty random bits from the server's strong source, as a number that is never negative. `random()` could be guessed.
pub(super) const RANDOM: &str =
    "('x' || left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 15))::bit(60)::bigint";
/// Hexadecimal characters of one digest.
const DIGEST: u32 = 64;
/// Decimal digits that sixty bits give without a noticeable lean.
const DIGITS: usize = 15;

/// The new value, for `SET column = …`.
pub(super) fn value(scene: &Scene<'_>, w: &mut Writer, table: &Table, change: &ColumnChange) {
    let column = table.column_at(change.column);
    match &change.value {
        NewValue::Null => w.kw("NULL"),
        NewValue::Default => w.kw("DEFAULT"),
        NewValue::Literal(text) | NewValue::StandIn(text) => w.text(text),
        NewValue::Expression(expression) => w.author(&expression.fragment, &[], &Writer::new()),
        NewValue::Random(generator) => {
            random(w, column, generator);
            w
        }
        NewValue::Derived(derived) => {
            scene.derived(w, table, column, derived);
            w
        }
    };
}

/// A random value of a column's type.
pub(super) fn random(w: &mut Writer, column: &Column, generator: &Generator) {
    match generator {
        Generator::Email { local, domain } => {
            hex(w, *local);
            w.kw(" || ").text(&format!("@{domain}"));
        }
        Generator::Name => {
            pick(w, FIRST_NAMES);
            w.kw(" || ' ' || ");
            pick(w, LAST_NAMES);
        }
        Generator::FirstName => pick(w, FIRST_NAMES),
        Generator::LastName => pick(w, LAST_NAMES),
        Generator::Hex { length } => hex(w, *length),
        Generator::Digits { format } => digits(w, format),
        Generator::Uuid => {
            w.kw("gen_random_uuid()");
            if column.ty.is_text() {
                w.kw("::text");
            }
        }
        Generator::Number { min, max, scale } => {
            // A random one of the possible values, in steps of the scale. `10 ^ 2` would not be numeric.
            let steps = 10i128.pow((*scale).min(DIGITS as u32));
            w.kw("round(").text(min).kw("::numeric + mod(").kw(RANDOM).kw("::numeric, (").text(max).kw("::numeric - ");
            w.text(min).kw("::numeric) * ").number(steps).kw(" + 1) / ").number(steps).kw(", ").number(*scale).kw(")");
        }
        Generator::Date { min, max } => {
            w.kw("DATE ").text(min).kw(" + (").kw(RANDOM).kw(" % (DATE ").text(max).kw(" - DATE ").text(min);
            w.kw(" + 1))::integer");
        }
        Generator::Timestamp { min, max } => {
            w.kw("TIMESTAMP ").text(min).kw(" + make_interval(secs => ").kw(RANDOM).kw(" % (86400 * (DATE ");
            w.text(max).kw(" - DATE ").text(min).kw(" + 1)))");
        }
        Generator::Boolean => {
            w.kw(RANDOM).kw(" % 2 = 1");
        }
        Generator::Choice { from } => {
            w.kw("(ARRAY[").list(from, ", ", |w, value| {
                w.text(value);
            });
            w.kw("]::text[])[1 + ").kw(RANDOM).kw(" % ").number(from.len() as i128).kw("]::").printed(&column.type_sql);
        }
        Generator::Inet => {
            w.kw("('192.0.2.' || ").kw(RANDOM).kw(" % 256)");
            if !column.ty.is_text() {
                w.kw("::inet");
            }
        }
    }
}

fn hex(w: &mut Writer, length: u32) {
    let mut left = length;
    while left > 0 {
        let part = left.min(DIGEST);
        if left < length {
            w.kw(" || ");
        }
        w.kw("left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), ").number(part).kw(")");
        left -= part;
    }
    if length == 0 {
        w.kw("''");
    }
}

fn pick(w: &mut Writer, names: &'static [&'static str]) {
    w.kw("(ARRAY[").list(names, ", ", |w, name| {
        w.text(name);
    });
    w.kw("])[1 + ").kw(RANDOM).kw(" % ").number(names.len() as i128).kw("]");
}

/// A picture, in which each `#` becomes a digit.
fn digits(w: &mut Writer, format: &str) {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for c in format.chars() {
        let digit = c == '#';
        match parts.last_mut() {
            Some((same, text)) if *same == digit && !(digit && text.len() == DIGITS) => text.push(c),
            _ => parts.push((digit, c.to_string())),
        }
    }
    if parts.is_empty() {
        w.kw("''");
    }
    w.list(&parts, " || ", |w, (digit, text)| {
        if *digit {
            let count = text.len() as u32;
            w.kw("lpad((").kw(RANDOM).kw(" % ").number(10i128.pow(count)).kw(")::text, ").number(count).kw(", '0')");
        } else {
            w.text(text);
        }
    });
}

/// A condition that is true where the new value is there; none where it can't be known.
pub(super) fn holds(scene: &Scene<'_>, table: &Table, change: &ColumnChange) -> Option<Writer> {
    let column = table.column_at(change.column);
    let mut w = Writer::new();
    match &change.value {
        NewValue::Null => {
            w.ident(&column.name).kw(" IS NULL");
        }
        NewValue::Literal(text) | NewValue::StandIn(text) => {
            // The operator of enums takes no domain over one.
            let enum_domain = matches!(column.ty, PgType::Enum { .. }) && !column.domains.is_empty();
            let as_text = enum_domain || !column.ty.has_equality();
            w.ident(&column.name).kw(if as_text { "::text = " } else { " = " });
            literal(&mut w, column, text);
            w.kw(if as_text { "::text" } else { "" });
        }
        NewValue::Random(generator) => {
            let pattern = pattern(generator)?;
            w.ident(&column.name).kw("::text ~ ").text(&pattern);
            if let Some(length) = hexadecimal_length(generator) {
                w.kw(" AND length(").ident(&column.name).kw("::text) = ").number(length);
            }
        }
        NewValue::Derived(derived) => return scene.derived_holds(table, column, derived),
        NewValue::Default | NewValue::Expression(_) => return None,
    }
    Some(w)
}

/// Whether it can be told of all new values of a step whether they are there, so that rows which have them need no writing.
pub(super) fn all_knowable(changes: &[ColumnChange]) -> bool {
    changes.iter().all(|change| match &change.value {
        NewValue::Null | NewValue::Literal(_) | NewValue::StandIn(_) => true,
        NewValue::Derived(derived) => derived.is_idempotent(),
        NewValue::Default | NewValue::Expression(_) | NewValue::Random(_) => false,
    })
}

/// A literal as a value of its column's type, cut and rounded as an assignment would.
pub(super) fn literal<'w>(w: &'w mut Writer, column: &Column, text: &str) -> &'w mut Writer {
    let as_it_stands = matches!(
        column.ty,
        PgType::Text { limit: None } | PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Enum { .. }
    ) && column.domains.is_empty();
    if as_it_stands { w.text(text) } else { w.kw("CAST(").text(text).kw(" AS ").printed(&column.type_sql).kw(")") }
}

/// How long generated values are of which the pattern leaves that open: the server takes no repetition count above 255,
/// and needs several times as long for a smaller one.
fn hexadecimal_length(generator: &Generator) -> Option<u32> {
    match generator {
        Generator::Email { local, domain } => Some(local + 1 + domain.chars().count() as u32),
        Generator::Hex { length } => Some(*length),
        Generator::Digits { .. }
        | Generator::Name
        | Generator::FirstName
        | Generator::LastName
        | Generator::Choice { .. }
        | Generator::Inet
        | Generator::Uuid
        | Generator::Number { .. }
        | Generator::Date { .. }
        | Generator::Timestamp { .. }
        | Generator::Boolean => None,
    }
}

/// What generated values look like, as a regular expression; none where anything might look so.
fn pattern(generator: &Generator) -> Option<String> {
    match generator {
        Generator::Email { domain, .. } => Some(format!("^[0-9a-f]+@{}$", escape(domain))),
        Generator::Hex { .. } => Some("^[0-9a-f]+$".to_owned()),
        Generator::Digits { format } => {
            let parts: String =
                format.chars().map(|c| if c == '#' { "[0-9]".to_owned() } else { escape(&c.to_string()) }).collect();
            Some(format!("^{parts}$"))
        }
        Generator::Name => Some(format!("^({}) ({})$", FIRST_NAMES.join("|"), LAST_NAMES.join("|"))),
        Generator::FirstName => Some(format!("^({})$", FIRST_NAMES.join("|"))),
        Generator::LastName => Some(format!("^({})$", LAST_NAMES.join("|"))),
        // A number may be stored in another spelling than it was written in.
        Generator::Choice { from } if from.iter().any(|value| value.parse::<f64>().is_ok()) => None,
        Generator::Choice { from } => {
            let values: Vec<_> = from.iter().map(|value| escape(value)).collect();
            Some(format!("^({})$", values.join("|")))
        }
        Generator::Inet => Some("^192\\.0\\.2\\.".to_owned()),
        Generator::Uuid
        | Generator::Number { .. }
        | Generator::Date { .. }
        | Generator::Timestamp { .. }
        | Generator::Boolean => None,
    }
}

/// A text as a regular expression that matches just it (manual, 9.7.3).
fn escape(text: &str) -> String {
    let special = |c: char| "\\^$.|?*+()[]{}".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

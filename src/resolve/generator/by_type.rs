//! What is a random value of a type, where the policy names no kind?

use super::{BYTES, Fitting, HEX};
use crate::action::{Generator, Kind, Part};
use crate::diagnostic::Report;
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::resolve::words;

/// Bits of a bit string that says nothing about its length.
const BITS: u32 = 64;

/// The composite types around a part, and the fields that lead to it.
pub(super) type Within<'a> = Vec<(&'a TableName, &'a Ident)>;

impl<'a> Fitting<'a> {
    pub(super) fn by_type(&self, ty: &'a PgType, within: &mut Within<'a>, report: &mut Report) -> Option<Generator> {
        let found = match ty {
            PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name => {
                return self.by_kind(Kind::Text, ty, report);
            }
            PgType::SmallInt | PgType::Integer | PgType::BigInt => return self.by_kind(Kind::Integer, ty, report),
            PgType::Numeric { .. } | PgType::Real | PgType::Double => return self.by_kind(Kind::Number, ty, report),
            PgType::Boolean => Some(Generator::Boolean),
            PgType::Date => return self.by_kind(Kind::Date, ty, report),
            PgType::Timestamp | PgType::Timestamptz => return self.by_kind(Kind::Timestamp, ty, report),
            PgType::Uuid => Some(Generator::Uuid { text: false }),
            PgType::Inet | PgType::Cidr => Some(Generator::Inet { text: false }),
            PgType::Enum { .. } => return self.by_kind(Kind::Choice, ty, report),
            PgType::Composite { name } => return self.fields(name, within, report),
            PgType::Time => Some(time(("0", "23"), ty)),
            PgType::Interval => {
                let (format, most) = self.interval();
                Some(composed(format, [whole("0", most)], ty))
            }
            PgType::Json | PgType::Jsonb => Some(composed("{\"random\": \"%s\"}", [hex(HEX)], ty)),
            PgType::Bytea => Some(Generator::Bytes { length: BYTES }),
            PgType::Bit { length } => Some(Generator::BitString { length: *length }),
            PgType::VarBit { limit } => {
                Some(Generator::BitString { length: limit.map_or(BITS, |limit| BITS.min(limit)) })
            }
            PgType::Range { of, multi, .. } => {
                bounds(of).map(|parts| composed(if *multi { "{[%s,%s)}" } else { "[%s,%s)" }, parts, ty))
            }
            PgType::Other { name } => self.other(name, ty),
            // `of_type` has taken it apart.
            PgType::Array { .. } => None,
        };
        if found.is_none() {
            self.nothing(ty, within, report);
        }
        found
    }

    /// Types that a decision must not tell apart otherwise, by the names that the server gives them.
    fn other(&self, name: &str, ty: &PgType) -> Option<Generator> {
        let found = match name {
            "time with time zone" => time(("0", "23"), ty),
            "money" => number("0", "1000000", 2),
            // One byte, whatever the encoding.
            "\"char\"" => hex(1),
            "oid" => composed("%s", [whole("0", "4294967295")], ty),
            "pg_lsn" => composed("%s/%s", [hex(8), hex(8)], ty),
            // Locally administered, so nobody's hardware.
            "macaddr" => composed("02%s", [hex(10)], ty),
            "macaddr8" => composed("02%s", [hex(14)], ty),
            "xml" => composed("<random>%s</random>", [hex(HEX)], ty),
            // A word of hexadecimal digits is one lexeme, and one label of a path.
            "tsvector" | "tsquery" => composed("%s", [hex(HEX)], ty),
            "point" => composed("(%s,%s)", point(), ty),
            // A line is a linear equation; this one is of a function of x.
            "line" => composed("{%s,-1,%s}", [number("-90", "90", 4), number("-90", "90", 4)], ty),
            "lseg" => composed("[(%s,%s),(%s,%s)]", points(), ty),
            "box" => composed("(%s,%s),(%s,%s)", points(), ty),
            "path" => composed("[(%s,%s),(%s,%s)]", points(), ty),
            "polygon" => composed("((%s,%s),(%s,%s),(%s,%s))", points().chain(point()), ty),
            "circle" => composed("<(%s,%s),%s>", point().into_iter().chain([number("0", "90", 4)]), ty),
            name if self.is_of_extension(name, "hstore") => composed("random=>%s", [hex(HEX)], ty),
            name if self.is_of_extension(name, "ltree") => composed("%s", [hex(HEX)], ty),
            _ => return None,
        };
        Some(found)
    }

    /// Whether a type is the one that an extension of the same name brings.
    fn is_of_extension(&self, printed: &str, extension: &str) -> bool {
        let found = self.catalog.extensions.iter().find(|found| found.name.as_str() == extension);
        found.is_some_and(|found| {
            let schema = found.schema.as_str();
            let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
            [schema, &quoted].iter().any(|schema| printed == format!("{schema}.{extension}"))
        })
    }

    /// A value of a composite type, field by field.
    fn fields(&self, name: &'a TableName, within: &mut Within<'a>, report: &mut Report) -> Option<Generator> {
        let found = self.catalog.composite(name).filter(|_| !within.iter().any(|(around, _)| *around == name));
        let Some(found) = found else {
            self.nothing(&PgType::Composite { name: name.clone() }, within, report);
            return None;
        };
        let mut fields = Vec::new();
        for field in &found.fields {
            within.push((name, &field.name));
            let generator = self.of_type(&field.ty, within, report);
            within.pop();
            fields.push((field.name.clone(), Part { generator: generator?, domain: field.domains.first().cloned() }));
        }
        Some(Generator::Fields { ty: name.clone(), fields })
    }

    fn nothing(&self, ty: &PgType, within: &Within<'_>, report: &mut Report) {
        let names: Vec<String> = within.iter().map(|(_, field)| field.bare().to_string()).collect();
        let part = (!names.is_empty()).then(|| (names.join("."), people_call(ty)));
        report.push(words::no_random_values(self.table, self.column, part, self.span));
    }

    /// Less than a day; where the column cuts its intervals to days, months or years (manual, 8.5.4), some of those.
    fn interval(&self) -> (&'static str, &'static str) {
        let declared = self.column.type_sql.as_str();
        if !declared.starts_with("interval ") || ["hour", "minute", "second"].iter().any(|unit| declared.contains(unit))
        {
            ("%s seconds", "86399")
        } else if declared.contains("day") {
            ("%s days", "364")
        } else {
            ("%s months", "1199")
        }
    }
}

/// What people call a type for which there is nothing.
fn people_call(ty: &PgType) -> String {
    match ty {
        PgType::Other { name } | PgType::Range { name, .. } => name.clone(),
        PgType::Composite { name } | PgType::Enum { name } => name.bare().to_string(),
        _ => String::new(),
    }
}

fn composed(format: &'static str, parts: impl IntoIterator<Item = Generator>, ty: &PgType) -> Generator {
    Generator::Composed { format, parts: parts.into_iter().collect(), ty: ty.clone() }
}

fn hex(length: u32) -> Generator {
    Generator::Hex { length }
}

fn whole(min: &str, max: &str) -> Generator {
    number(min, max, 0)
}

fn number(min: &str, max: &str, scale: u32) -> Generator {
    Generator::Number { min: min.to_owned(), max: max.to_owned(), scale }
}

fn time((first, last): (&str, &str), ty: &PgType) -> Generator {
    composed("%s:%s:%s", [whole(first, last), whole("0", "59"), whole("0", "59")], ty)
}

/// Longitude and latitude: what is a point to most people, and the coordinates of one to everybody else.
fn point() -> [Generator; 2] {
    [number("-180", "180", 4), number("-90", "90", 4)]
}

fn points() -> impl Iterator<Item = Generator> {
    point().into_iter().chain(point())
}

/// A lower and an upper bound, drawn from spans that don't touch, so that they are in order and the range isn't empty.
fn bounds(of: &PgType) -> Option<[Generator; 2]> {
    let days = [("1970-01-01", "1984-12-31"), ("1986-01-01", "2000-12-31")];
    match of {
        PgType::SmallInt => Some([whole("0", "9999"), whole("10000", "19999")]),
        PgType::Integer | PgType::BigInt => Some([whole("0", "499999"), whole("500000", "999999")]),
        PgType::Numeric { .. } | PgType::Real | PgType::Double => {
            Some([number("0", "400000", 2), number("500000", "1000000", 2)])
        }
        PgType::Date => Some(days.map(|(min, max)| Generator::Date { min: min.into(), max: max.into() })),
        PgType::Timestamp | PgType::Timestamptz => {
            Some(days.map(|(min, max)| Generator::Timestamp { min: min.into(), max: max.into() }))
        }
        PgType::Time => Some([time(("0", "11"), of), time(("12", "23"), of)]),
        _ => None,
    }
}

//! Are the parts of generated values what they have to be, and every value that may be chosen?

use super::values::TRIES;
use super::{About, Question, Which};
use crate::action::Generator;
use crate::catalog::{Column, Table};
use crate::pgtype::PgType;
use crate::resolve::{ColumnChange, NewValue};
use crate::sql::bits::Bits;
use crate::sql::generate::generated;
use crate::sql::predicate::key_type;
use crate::sql::value::At;
use crate::sql::writer::Writer;

/// What only the server can tell about them.
pub(super) fn questions(table: &Table, column: &Column, change: &ColumnChange) -> Vec<Question> {
    let NewValue::Random(generator) = &change.value else { return Vec::new() };
    let question = |value: &Writer, of: Writer, tries: &Writer| {
        let mut w = Writer::new();
        // The value has to be used, or the server would not compute it.
        w.kw("SELECT count(efface_value) * 0 FROM (SELECT CAST(").sql(value).kw(" AS ").sql(&of);
        w.kw(") AS efface_value FROM ").sql(tries).kw(" OFFSET 0) AS efface_new");
        let column = format!("{}.{}", table.name.bare(), column.name.bare());
        let type_sql = of.as_str().to_owned();
        let about = About::Value { column, type_sql, which: Which::Part, null_is_asked: false, by_author: false };
        Question { sql: w.finish(), runs: true, of_rows: false, about, origin: change.value_at }
    };
    let (mut questions, mut tries) = (Vec::new(), Writer::new());
    tries.kw("generate_series(1, ").number(TRIES).kw(") AS efface_try");
    // What is made of an old value is tried with the rows, in the column.
    for (domain, part) in generator.parts_of_domains().into_iter().filter(|(_, part)| !part.reads_old_value()) {
        let (mut value, mut of) = (Writer::new(), Writer::new());
        generated(&mut value, part, &At::NoRow.old(column), &Bits::Random);
        of.table(domain);
        questions.push(question(&value, of, &tries));
    }
    let whole = matches!(generator, Generator::Choice { .. });
    let chosen = generator.choice().filter(|(_, ty)| {
        // Read without a server, unless a domain has its say.
        !matches!(ty, PgType::Text { .. } | PgType::Enum { .. }) || (whole && !column.domains.is_empty())
    });
    if let Some((from, ty)) = chosen {
        let (mut value, mut of, mut all) = (Writer::new(), Writer::new(), Writer::new());
        value.kw("efface_text");
        of.printed(&if whole { column.type_sql.clone() } else { key_type(ty) });
        all.kw("unnest(ARRAY[").list(from, ", ", |w, value| {
            w.text(value);
        });
        all.kw("]::text[]) AS efface_text");
        questions.push(question(&value, of, &all));
    }
    questions
}

//! The regular expressions by which people's values are found in texts, as SQL.
//!
//! One query makes them on the server, which alone knows the values: each character becomes itself in either case, and for
//! texts with escapes in them also every way in which JSON and HTML escape it. A value begins and ends where a word does, if
//! its own first and last characters are of those that words are made of. Looking behind is only done by one character:
//! anything longer would have the server begin at the start of the text for each match (it keeps its place within one
//! search only).

use super::assert::Check;
use super::letters;
use super::writer::{Scene, Writer};
use crate::action::SHORT;
use crate::pgtype::PgType;
use crate::plan::{Patterns, SourceRows};
use crate::resolve::{Owner, ValueSource};

/// Longer expressions would come near to what the server compiles.
const LONGEST: u32 = 100_000;
/// What a value has to have to be looked for: a letter or a digit of any script.
const LETTERS: &str = r"0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u1fff\u2c00-\u2fff\u3005\u3021-\ud7ff\uf900-\ufdff\ufe70-\uffdc\U00010000-\U0003ffff";
/// Characters that are never escaped: encoders let them stand.
const PLAIN: &str = "^[-0-9A-Za-z.,_]$";
/// Characters behind which an e-mail address doesn't begin.
const IN_ADDRESS: &str = "(?<![._%+-])";

impl Scene<'_> {
    /// A table with the patterns of each person: `plain` for texts without escapes, `escaped` for those with some.
    pub fn pattern_table(&self, index: usize) -> Writer {
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_patterns_").number(index as i128 + 1).kw(" ON COMMIT DROP AS\n");
        self.patterns(&mut w, &self.plan.patterns[index]);
        w
    }

    /// The same as a query. Its first part is the only one that reads tables of the database.
    pub fn patterns(&self, w: &mut Writer, patterns: &Patterns) {
        let owner = patterns.values.owner.as_ref();
        let keys = |w: &mut Writer| keys(w, owner, "");
        w.kw("WITH source AS (\n  ").list(&patterns.sources, "\n  UNION ALL\n  ", |w, source| {
            self.source(w, owner, source);
        });
        w.kw("\n), whole AS (\n  SELECT DISTINCT ");
        keys(w);
        w.kw("btrim(regexp_replace(normalize(value COLLATE \"C\"), ").regex(&format!("[{}]+", letters::blanks()));
        w.kw(", ' ', 'g')) AS value FROM source\n), unit AS (\n  SELECT ");
        keys(w);
        w.kw("value, n, CASE WHEN cut[1] ~ '^([Ss]{2}|[ßẞ])$' THEN 'ß' ELSE cut[1] END AS letter\n");
        w.kw("  FROM whole, regexp_matches(value, '[Ss]{2}|.', 'g') WITH ORDINALITY AS cuts (cut, n)\n");
        w.kw("  WHERE value ~ ").regex(&format!("[{LETTERS}]"));
        w.kw("\n), alike AS MATERIALIZED (\n  SELECT substr(letters, n, 1) AS letter, letters\n  FROM unnest(string_to_array(");
        w.text(&letters::alike()).kw(", ' ')) AS letters, generate_series(1, length(letters)) AS n\n");
        w.kw("), entity AS MATERIALIZED (\n  SELECT chr(split_part(pair, ' ', 1)::integer) AS sign, split_part(pair, ' ', 2) AS name\n");
        let entities: Vec<String> = letters::entities().map(|(code, name)| format!("{code} {name}")).collect();
        w.kw("  FROM unnest(string_to_array(").text(&entities.join(",")).kw(", ',')) AS pair\n");
        spellings(w);
        w.kw("), sought AS (\n  SELECT ");
        keys(w);
        w.kw("value, value ~ ").regex(&format!("^[{}]|@", letters::words())).kw(" AS begins, value ~ ");
        w.regex(&format!("[{}]$|@", letters::words())).kw(" AS ends");
        for column in ["plain", "escaped"] {
            w.kw(",\n    CASE WHEN value ~ '@' THEN ").regex(IN_ADDRESS).kw(" ELSE '' END || string_agg(coalesce(");
            w.kw(column).kw(", ");
            w.regex(&if column == "plain" { format!("[{}]+", letters::blanks()) } else { letters::any_blanks() });
            w.kw("), '' ORDER BY n) || CASE WHEN value ~ '@' THEN ");
            w.regex(&format!(r"(?!-|\.[{}])", letters::words())).kw(" ELSE '' END AS ").kw(column);
        }
        w.kw("\n  FROM unit LEFT JOIN letter USING (letter)\n  GROUP BY ");
        keys(w);
        w.kw("value\n)\nSELECT ");
        keys(w);
        whole_patterns(w);
        w.kw("\nFROM sought");
        self.not_in_the_new_text(w, &patterns.with);
        if owner.is_some() {
            w.kw("\nGROUP BY ");
            self::keys(w, owner, "only");
        } else {
            w.kw("\nHAVING count(*) > 0");
        }
    }

    /// A value that stands in the text which takes its place would be found for ever.
    fn not_in_the_new_text(&self, w: &mut Writer, with: &str) {
        if !with.chars().any(char::is_alphanumeric) {
            return;
        }
        let twice = with.repeat(2);
        w.kw("\nWHERE CASE WHEN strpos(lower(").text(&twice).kw("), lower(value)) > 0 THEN ").text(&twice).kw(" !~ (");
        w.regex(&format!("(?<![{}])(?:", letters::words())).kw(" || plain || ");
        w.regex(&format!(")(?![{}])", letters::words())).kw(") ELSE true END");
    }

    /// The values of a source, each with the key of the person whose it is.
    fn source(&self, w: &mut Writer, owner: Option<&Owner>, rows: &SourceRows) {
        let ValueSource::Column { table: id, column, ways } = &rows.source else {
            w.kw("SELECT unnest(current_setting('efface.key1')::text[]) AS value");
            return;
        };
        let table = self.catalog.table(*id);
        let value = |w: &mut Writer| {
            let several = matches!(table.column_at(*column).ty, PgType::Array { .. });
            w.kw(if several { "unnest(" } else { "" }).column(table, *column).kw(if several { ")" } else { "" });
            w.kw("::text AS value");
        };
        let Some(owner) = owner else {
            w.kw("SELECT ");
            value(w);
            w.kw(" FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ").sql(&self.rows(*id, &rows.rows));
            return;
        };
        w.list(ways, "\n  UNION ALL\n  ", |w, way| {
            if way.0.is_empty() {
                w.kw("SELECT ").list(owner.key.iter().enumerate(), ", ", |w, (n, column)| {
                    w.column(table, *column).kw(" AS key").number(n as i128 + 1);
                });
                w.kw(", ");
                value(w);
                w.kw(" FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ").sql(&self.rows(*id, &rows.rows));
                return;
            }
            let mut own = Writer::new();
            value(&mut own);
            let way = self.way_of_source(way, owner, own, &self.rows(*id, &rows.rows));
            w.kw("SELECT ").list(way.key.iter().enumerate(), ", ", |w, (n, key)| {
                w.sql(key).kw(" AS key").number(n as i128 + 1);
            });
            w.kw(", value FROM ").sql(&way.from());
            w.kw(if way.conditions.is_empty() { "" } else { " WHERE " }).sql(&way.conditions());
        });
    }

    /// What has to hold of the values before they are made patterns: texts are Unicode, and no value is so short that it
    /// stands in texts by chance.
    pub fn value_checks(&self) -> Vec<Check> {
        if self.plan.patterns.is_empty() {
            return Vec::new();
        }
        let mut encoding = Writer::new();
        encoding.kw("SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN 0 ELSE 1 END");
        let mut checks = vec![Check {
            name: "the database's encoding".into(),
            message: "`scrub` knows the characters of UTF-8 only: decide these columns otherwise".into(),
            count: encoding,
        }];
        let mut known = Vec::new();
        for patterns in self.plan.patterns.iter().filter(|patterns| !patterns.values.short) {
            for source in &patterns.sources {
                if known.contains(&source) {
                    continue;
                }
                known.push(source);
                checks.push(self.short_check(patterns.values.owner.as_ref(), source));
            }
        }
        checks
    }

    fn short_check(&self, owner: Option<&Owner>, source: &SourceRows) -> Check {
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM (");
        self.source(&mut count, owner, source);
        count.kw(") AS source WHERE length(btrim(normalize(value), ' ')) < ").number(SHORT).kw(" AND value ~ ");
        count.regex(&format!("[{LETTERS}]"));
        let name = match &source.source {
            ValueSource::Column { table, column, .. } => {
                let table = self.catalog.table(*table);
                format!("{}.{}", table.name.bare(), table.column_at(*column).name.bare())
            }
            ValueSource::Subject => ":subject".to_owned(),
        };
        let message = format!(
            "values to `scrub` have fewer than {SHORT} characters, and would be found where nobody is meant: leave the column \
             out, or write `short: true`"
        );
        Check { name, message, count }
    }

    /// No pattern is longer than the server can use.
    pub fn pattern_checks(&self) -> Vec<Check> {
        let patterns = self.plan.patterns.iter().enumerate();
        let check = |(index, patterns): (usize, &Patterns)| {
            let mut count = Writer::new();
            count.kw("SELECT count(*) FROM pg_temp.efface_patterns_").number(index as i128 + 1);
            count.kw(" WHERE length(escaped) > ").number(LONGEST);
            let columns = patterns.sources.iter().filter_map(|source| match &source.source {
                ValueSource::Column { table, column, .. } => {
                    let table = self.catalog.table(*table);
                    Some(format!("{}.{}", table.name.bare(), table.column_at(*column).name.bare()))
                }
                ValueSource::Subject => None,
            });
            let columns: Vec<_> = columns.collect();
            let message = match patterns.values.owner {
                Some(_) => {
                    "people have values that are too long, or too many, to be looked for: name columns with names"
                }
                None => "the people of this run have too many values to be looked for at once: erase fewer in one run",
            };
            Check { name: columns.join(", "), message: message.into(), count }
        };
        patterns.map(check).collect()
    }
}

/// The key columns, each with a comma behind it, or none behind the last.
fn keys(w: &mut Writer, owner: Option<&Owner>, only: &str) {
    let count = owner.map_or(0, |owner| owner.key.len());
    w.list(1..=count, ", ", |w, n| {
        w.kw("key").number(n as i128);
    });
    w.kw(if count > 0 && only.is_empty() { ", " } else { "" });
}

/// How each letter that occurs may be written: `plain` as it is, in either case, and apart from its marks; `escaped` in the
/// ways of JSON and HTML too.
fn spellings(w: &mut Writer) {
    let bracket = |w: &mut Writer| {
        w.kw("'[' || string_agg(regexp_replace(c, ").regex(r"[]\[\\^-]").kw(", ").regex(r"\\\&").kw("), '') || ']'");
    };
    w.kw("), letter AS (\n  SELECT letter, plain, CASE WHEN letter ~ ").regex(PLAIN).kw(" THEN plain ELSE\n");
    // A quote, a slash and a backslash may have any number of backslashes in front.
    w.kw("    CASE WHEN letter IN ('\"', '''', '/', ").regex("\\").kw(") THEN ").regex(r"\\*").kw(" ELSE '' END\n");
    w.kw("    || '(?:' || concat_ws('|', plain, ").regex(r"\\+u(?:").kw(" || json || ')', ").regex(letters::AMPERSAND);
    w.kw(" || '(?:' || names || '#(?:0*(?:' || decimal || ')|[xX]0*(?:' || hexadecimal || ')));', apart_escaped) || ')'\n");
    w.kw("    END AS escaped\n  FROM (\n    SELECT letter, CASE WHEN letter = 'ß' OR count(apart) > 0 THEN '(?:' || CASE letter WHEN 'ß' THEN '[Ss]{2}|' ELSE '' END\n");
    w.kw("        || concat_ws('|', ");
    bracket(w);
    w.kw(", string_agg(regexp_replace(apart, '.', ").regex(r"[\&]").kw(", 'g'), '|')) || ')'\n      ELSE ");
    bracket(w);
    w.kw(" END AS plain,\n      string_agg(regexp_replace(hex || '|' || upper(hex), ").regex(r"(\w{4})(?=\w)").kw(", ");
    w.regex(r"\1\\\\+u").kw(", 'g'), '|') AS json,\n");
    w.kw("      string_agg(ascii(c)::text, '|') AS decimal, string_agg(to_hex(ascii(c)) || '|' || upper(to_hex(ascii(c))), '|') AS hexadecimal,\n");
    w.kw("      coalesce(string_agg(name || '|', ''), '') AS names, string_agg(apart_escaped, '|') AS apart_escaped\n");
    w.kw("    FROM (SELECT DISTINCT letter FROM unit WHERE letter <> ' ') AS own LEFT JOIN alike USING (letter)\n");
    w.kw("    CROSS JOIN LATERAL regexp_split_to_table(coalesce(letters, letter), '') AS c\n");
    w.kw("    CROSS JOIN LATERAL (\n      SELECT NULLIF(normalize(c, NFD), c), CASE WHEN ascii(c) < 65536 THEN lpad(to_hex(ascii(c)), 4, '0')\n");
    // The two halves of a character outside of the first plane (RFC 8259, 7).
    w.kw("        ELSE to_hex(55232 + ascii(c) / 1024) || to_hex(56320 + ascii(c) % 1024) END\n    ) AS form (apart, hex)\n");
    w.kw("    CROSS JOIN LATERAL (\n      SELECT string_agg(CASE WHEN ascii(mark) < 128 THEN '[' || mark || ']' ELSE '(?:' || mark || ");
    w.regex(r"|\\+u(?:")
        .kw(" || lpad(to_hex(ascii(mark)), 4, '0') || '|' || lpad(upper(to_hex(ascii(mark))), 4, '0') || ')|' || ");
    w.regex(letters::AMPERSAND).kw(" || '#(?:0*' || ascii(mark) || '|[xX]0*(?:' || to_hex(ascii(mark)) || '|' || upper(to_hex(ascii(mark))) || '));)' END, '' ORDER BY n)\n");
    w.kw("      FROM regexp_split_to_table(apart, '') WITH ORDINALITY AS marks (mark, n)\n    ) AS marked (apart_escaped)\n");
    w.kw("    LEFT JOIN entity ON sign = c\n    GROUP BY letter\n  ) AS forms\n");
}

/// All values of a person as one expression: those that begin a word behind the beginning of one, those that end one before
/// the end of one.
fn whole_patterns(w: &mut Writer) {
    let words = letters::words();
    let behind = format!("(?<![{words}])");
    let before = format!("(?![{words}])");
    let forms = [
        ("plain", behind.clone(), before.clone()),
        // What stands before the value and belongs to no word is put back by what takes the value's place.
        (
            "escaped",
            format!("(?:{behind}|({}))", letters::escaped_blank()),
            format!("{before}(?!{})", letters::escaped_letter()),
        ),
    ];
    w.list(forms, ",", |w, (column, behind, before)| {
        let any = |w: &mut Writer, which: &'static str| {
            w.kw("string_agg(").kw(column).kw(", '|' ORDER BY value) FILTER (WHERE ").kw(which).kw(")");
        };
        w.kw("\n  concat_ws('|',\n    ").regex(&behind).kw(" || '(?:' || NULLIF(concat_ws('|', '(?:' || ");
        any(w, "begins AND ends");
        w.kw(" || ')' || ").regex(&before).kw(", ");
        any(w, "begins AND NOT ends");
        w.kw("), '') || ')',\n    '(?:' || ");
        any(w, "ends AND NOT begins");
        w.kw(" || ')' || ").regex(&before).kw(",\n    ");
        any(w, "NOT begins AND NOT ends");
        w.kw(") AS ").kw(column);
    });
}

//! Every decision that makes a new value, with columns that it is made for.

use efface::action::Kind;

/// A decision about a column.
pub struct Decision {
    pub name: String,
    pub kind: Option<Kind>,
    /// As the policy writes it.
    pub yaml: String,
    /// The column's type.
    pub ty: &'static str,
    /// A different value for each `{m}`.
    pub fill: &'static str,
    /// How many there are.
    pub most: u32,
    /// Behind the type: the column's default, whether it is an identity column.
    pub default: &'static str,
    /// Whether values never meet.
    pub is_unique: bool,
    /// Whether it is tried under every index, and not only under some.
    pub everywhere: bool,
}

impl Decision {
    pub fn is_text(&self) -> bool {
        let named = ["text", "varchar", "char", "citext"].iter().any(|name| self.ty.starts_with(name));
        named && !self.ty.ends_with(']')
    }

    /// The type without its default.
    pub fn base(&self) -> &'static str {
        self.ty
    }
}

/// Three characters at the front are enough to tell the rows apart.
const TEXT: &str = "lpad(to_hex({m}), 3, '0') || 'x'";
const UUID: &str = "lpad(to_hex({m}), 3, '0') || substr(md5({m}::text), 4)";
const DAY: &str = "date '2001-01-01' + {m}::int";
const ADDRESS: &str = "inet '10.0.0.0' + {m}";
const BYTES: &str = "decode(lpad(to_hex({m}), 8, '0'), 'hex')";
const FLAG: &str = "case {m} when 1 then true when 2 then false end";
const MOOD: &str = "(array['good', 'bad', 'so so'])[{m}]::text::mood";

/// A shape of column: its type, values, how many there are, whether values of the kind are unique in it.
type Shape = (&'static str, &'static str, u32, bool);

/// One line for each kind: what stands beside the kind, and the columns. Whoever adds a kind says here where it is tried.
fn of_kind(kind: Kind) -> Vec<(&'static str, Shape)> {
    let text = |unique| ("text", TEXT, 2_000, unique);
    match kind {
        Kind::Email => vec![
            ("", text(true)),
            ("", ("varchar(32)", TEXT, 2_000, true)),
            ("", ("varchar(31)", TEXT, 2_000, false)),
            ("domain: x.example", text(true)),
            ("", ("citext", TEXT, 2_000, true)),
        ],
        Kind::Name | Kind::FirstName | Kind::LastName | Kind::Phone => vec![("", text(false))],
        Kind::Text => vec![
            ("", text(true)),
            ("", ("varchar(8)", TEXT, 2_000, false)),
            ("", ("varchar(16)", TEXT, 2_000, true)),
            ("", ("char(15)", TEXT, 2_000, false)),
            ("", ("char(20)", TEXT, 2_000, true)),
            ("length: 8", text(false)),
            ("length: 100", text(true)),
        ],
        Kind::Token => vec![("", text(true)), ("", ("citext", TEXT, 2_000, true)), ("length: 15", text(false))],
        Kind::Digits => vec![("", text(false)), ("format: \"####-####-####-####\"", text(false))],
        Kind::Uuid => vec![("", ("uuid", UUID, 2_000, true)), ("", text(true)), ("", ("char(36)", TEXT, 2_000, true))],
        Kind::Integer => vec![("", ("int", "{m}", 2_000, false)), ("", ("bigint", "{m}", 2_000, false))],
        Kind::Number => vec![("", ("numeric(20,4)", "{m}", 2_000, false)), ("", ("real", "{m}", 2_000, false))],
        Kind::Date => vec![("", ("date", DAY, 2_000, false))],
        Kind::Timestamp => vec![("", ("timestamp", DAY, 2_000, false))],
        Kind::Boolean => vec![("", ("boolean", FLAG, 2, false))],
        Kind::Choice => vec![("from: [a, b, c]", text(false)), ("", ("mood", MOOD, 3, false))],
        Kind::Inet => vec![("", ("inet", ADDRESS, 2_000, false))],
        Kind::Bytes => vec![("", ("bytea", BYTES, 2_000, true)), ("length: 7", ("bytea", BYTES, 2_000, false))],
    }
}

pub fn all() -> Vec<Decision> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for (place, (options, (ty, fill, most, is_unique))) in of_kind(*kind).into_iter().enumerate() {
            let beside = if options.is_empty() { String::new() } else { format!(", {options}") };
            all.push(Decision {
                name: format!("random {} in {ty}{}", kind.name(), beside.replace(',', "")),
                kind: Some(*kind),
                yaml: format!("{{ randomize: {}{beside} }}", kind.name()),
                ty,
                fill,
                most,
                default: "",
                is_unique,
                // `text` makes what `token` makes.
                everywhere: place == 0 && *kind != Kind::Text,
            });
        }
    }
    let sql = |text: &str| format!("\n        sql: |\n          {text}");
    let others: &[(&str, String, &str, &str, u32, &str, bool)] = &[
        ("null in text", "null".into(), "text", TEXT, 2_000, "", true),
        ("null in int", "null".into(), "int", "{m}", 2_000, "", true),
        ("a pseudonym in text", "{ pseudonymize: email }".into(), "text", TEXT, 2_000, "", true),
        ("a short pseudonym in text", "{ pseudonymize: token, length: 8 }".into(), "text", TEXT, 2_000, "", false),
        ("a pseudonym in uuid", "{ pseudonymize: uuid }".into(), "uuid", UUID, 2_000, "", true),
        ("a pseudonym in int", "{ pseudonymize: integer }".into(), "int", "{m}", 2_000, "", false),
        ("a mask in text", "{ mask: \"*\", keep_last: 2 }".into(), "text", TEXT, 2_000, "", false),
        ("a coarser number", "{ generalize: 10 }".into(), "int", "{m}", 2_000, "", false),
        ("days that are shifted", "{ shift_days: 30 }".into(), "date", DAY, 2_000, "", false),
        (
            "random texts in an array",
            "randomize".into(),
            "text[]",
            "array[lpad(to_hex({m}), 3, '0')]",
            2_000,
            "",
            false,
        ),
        ("null in uuid", "null".into(), "uuid", UUID, 2_000, "", true),
        ("null in date", "null".into(), "date", DAY, 2_000, "", true),
        ("a literal in text", "{ replace: x }".into(), "text", TEXT, 2_000, "", false),
        ("a literal in citext", "{ replace: X }".into(), "citext", TEXT, 2_000, "", false),
        ("a literal in char(n)", "{ replace: xy }".into(), "char(8)", TEXT, 2_000, "", false),
        ("a literal in int", "{ replace: 7 }".into(), "int", "{m}", 2_000, "", false),
        ("a literal in uuid", format!("{{ replace: {} }}", uuid()), "uuid", UUID, 2_000, "", false),
        ("a constant default", "default".into(), "text", TEXT, 2_000, "default 'x'", false),
        ("a default that counts", "default".into(), "bigint", "-{m}", 2_000, "default nextval('numbers')", true),
        (
            "a default that counts in tens",
            "default".into(),
            "bigint",
            "-{m}",
            2_000,
            "default nextval('numbers') / 10",
            false,
        ),
        (
            "a default that counts behind a word",
            "default".into(),
            "text",
            TEXT,
            2_000,
            "default 'no ' || nextval('numbers')",
            true,
        ),
        ("an identity", "default".into(), "bigint", "-{m}", 2_000, "generated by default as identity", true),
        ("a random default", "default".into(), "uuid", UUID, 2_000, "default gen_random_uuid()", true),
        (
            "a short random default",
            "default".into(),
            "text",
            TEXT,
            2_000,
            "default left(gen_random_uuid()::text, 3)",
            false,
        ),
        ("an expression", sql("upper(left(v, 2))"), "text", TEXT, 2_000, "", false),
        ("a random expression", sql("gen_random_uuid()::text"), "text", TEXT, 2_000, "", true),
        ("an expression that is the same for all", sql("now()"), "timestamptz", DAY, 2_000, "", false),
        // The two below are unique, and nobody can tell.
        ("an expression over the key", sql("'deleted ' || id"), "text", TEXT, 2_000, "", false),
        ("an expression that negates", sql("-v"), "int", "{m}", 2_000, "", false),
    ];
    for (name, yaml, ty, fill, most, default, is_unique) in others {
        let (name, yaml, most, is_unique) = ((*name).to_owned(), yaml.clone(), *most, *is_unique);
        // What is refused wherever values meet needs no trial everywhere, but by one constant.
        let everywhere = is_unique && name != "null in int" && name != "null in date" || name == "a literal in text";
        all.push(Decision { name, kind: None, yaml, ty, fill, most, default, is_unique, everywhere });
    }
    all
}

fn uuid() -> &'static str {
    "00000000-0000-4000-8000-000000000000"
}

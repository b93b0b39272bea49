//! Pseudonyms: values that hang on the old ones and on a secret, as SQL.
//!
//! The digest is HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the value's text, in plain SQL: the secret comes to the server
//! as data, never within a statement, and stands in a temporary table, as the two keys that HMAC makes of it.

use super::assert::Check;
use super::bits::Bits;
use super::derived::Input;
use super::generate::{generated, is_something};
use super::writer::{Scene, Writer};
use crate::action::Generator;
use crate::pgtype::PgType;

/// Bytes of a block of SHA-256.
const BLOCK: i32 = 64;
/// What a secret has at the least, in characters: of a shorter one somebody could try all.
pub const LEAST_SECRET: u32 = 16;

/// A value and the secret that keys it.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    /// The value's text.
    text: Writer,
    /// Whether there is no secret yet: for questions about a policy, an empty one stands in.
    tried: bool,
}

impl Keyed {
    /// The same secret for another value.
    pub fn of(&self, value: &Writer, ty: Option<&PgType>) -> Self {
        Self { text: text_of(value, ty), tried: self.tried }
    }

    /// 32 bytes; the number of a draw tells several of the same value apart.
    pub fn digest<'w>(&self, w: &'w mut Writer, draw: u32) -> &'w mut Writer {
        w.kw("sha256(");
        self.key(w, "outer_key", "5c");
        w.kw(" || sha256(");
        self.key(w, "inner_key", "36");
        w.kw(" || convert_to(").sql(&self.text);
        if draw > 1 {
            w.kw(" || ").text(&format!("\u{1}{draw}"));
        }
        w.kw(", 'UTF8')))")
    }

    fn key(&self, w: &mut Writer, name: &'static str, pad: &'static str) {
        if self.tried {
            w.kw("decode(repeat('").kw(pad).kw("', ").number(BLOCK).kw("), 'hex')");
        } else {
            w.kw("(SELECT ").kw(name).kw(" FROM pg_temp.efface_secret_keys)");
        }
    }
}

/// The text of a value, one for values that are equal: case doesn't count in citext, nor do zeros at the end of a number.
pub(super) fn text_of(value: &Writer, ty: Option<&PgType>) -> Writer {
    let mut w = Writer::new();
    match ty {
        Some(PgType::Citext) => w.kw("lower(").sql(value).kw("::text)"),
        Some(PgType::Numeric { .. }) => w.kw("trim_scale(").sql(value).kw(")::text"),
        Some(PgType::Text { limit: None }) => w.sql(value),
        _ => w.sql(value).kw("::text"),
    };
    w
}

impl Scene<'_> {
    /// The table into which the secret comes, for as long as it takes to make keys of it.
    pub fn secret_table(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_secret (secret text) ON COMMIT DROP");
        w
    }

    /// The statement that takes the secret: as psql runs it, which passes its standard input on, and as the engine does. No
    /// character of a secret separates or quotes anything.
    pub fn copy_secret(&self) -> (Writer, Writer) {
        let options = " WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')";
        let (mut psql, mut engine) = (Writer::new(), Writer::new());
        psql.kw("\\copy pg_temp.efface_secret FROM pstdin").kw(options);
        engine.kw("COPY pg_temp.efface_secret FROM STDIN").kw(options);
        (psql, engine)
    }

    /// The secret is one line, and not to be guessed.
    pub fn secret_check(&self) -> Check {
        let mut count = Writer::new();
        count.kw("SELECT abs(count(*) - 1) + count(*) FILTER (WHERE length(secret) >= ").number(LEAST_SECRET);
        count.kw(" IS NOT TRUE) FROM pg_temp.efface_secret");
        Check {
            name: "secret".into(),
            message: format!("it is one line of at least {LEAST_SECRET} characters, on standard input"),
            count,
        }
    }

    /// The two keys of HMAC: the secret, or the digest of one that is longer than a block, filled up with zeros, against
    /// the two pads.
    pub fn secret_keys(&self) -> Writer {
        let mut w = Writer::new();
        let key = |w: &mut Writer, pad: i128, name: &'static str| {
            w.kw("  string_agg(set_byte('\\x00', 0, get_byte(key, i) # ")
                .number(pad)
                .kw("), '' ORDER BY i) AS ")
                .kw(name);
        };
        w.kw("CREATE TEMP TABLE efface_secret_keys ON COMMIT DROP AS\nSELECT\n");
        key(&mut w, 0x36, "inner_key");
        w.kw(",\n");
        key(&mut w, 0x5c, "outer_key");
        w.kw("\nFROM (\n  SELECT short || decode(repeat('00', ").number(BLOCK).kw(" - length(short)), 'hex') AS key\n");
        w.kw("  FROM (\n    SELECT CASE WHEN length(bytes) > ")
            .number(BLOCK)
            .kw(" THEN sha256(bytes) ELSE bytes END AS short\n");
        w.kw("    FROM (SELECT convert_to(secret, 'UTF8') AS bytes FROM pg_temp.efface_secret) AS secret\n  ) AS secret\n");
        w.kw(") AS secret, generate_series(0, ").number(BLOCK - 1).kw(") AS i");
        w
    }

    /// What has been made keys of goes.
    pub fn drop_secret(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("DROP TABLE pg_temp.efface_secret");
        w
    }

    /// What the generator makes of the value.
    pub fn pseudonym(&self, w: &mut Writer, input: Input<'_>, generator: &Generator) {
        let keyed = Keyed { text: text_of(input.value, Some(input.ty)), tried: self.anyone || self.inline };
        // Of NULL there is no digest: whatever is made of it by text is NULL, a number out of a list wouldn't be.
        w.kw("CASE WHEN ").sql(&is_something(generator, input.value)).kw(" THEN ");
        generated(w, generator, input.value, &Bits::Keyed(keyed));
        w.kw(" END");
    }
}

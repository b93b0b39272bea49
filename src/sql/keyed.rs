//! Pseudonyms: values that hang on the old ones and on a secret, as SQL.
//!
//! The digest is HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the value's text, in plain SQL: the secret comes to the server
//! as data, never within a statement, and stands in a temporary table, as the two keys that HMAC makes of it.

use super::derived::Input;
use super::writer::{Scene, Writer};
use crate::action::Generator;
use crate::pgtype::PgType;

/// Bytes of a block of SHA-256.
const BLOCK: i32 = 64;
/// What a secret has at the least, in characters: below, somebody could try all of them.
pub(super) const LEAST_SECRET: i32 = 16;

impl Scene<'_> {
    /// What the generator makes of a digest of the value.
    pub fn pseudonym(&self, w: &mut Writer, input: Input<'_>, generator: &Generator) {
        let _ = (w, input, generator);
    }

    /// The digest of a value; `draw` tells several of the same value apart.
    fn keyed_digest(&self, w: &mut Writer, input: Input<'_>, draw: u32) {
        w.kw("sha256(");
        self.hmac_key(w, "outer_key", "5c");
        w.kw(" || sha256(");
        self.hmac_key(w, "inner_key", "36");
        w.kw(" || convert_to(");
        // Values that are equal have one text: case doesn't count in citext, nor do zeros at a number's end.
        match input.ty {
            PgType::Citext => w.kw("lower(").sql(input.value).kw("::text)"),
            PgType::Numeric { .. } => w.kw("trim_scale(").sql(input.value).kw(")::text"),
            _ => w.sql(input.value).kw("::text"),
        };
        if draw > 0 {
            // No text holds the byte 1 by chance in front of a number, so that no two draws are the same digest.
            w.kw(" || E'\\x01").number(draw).kw("'");
        }
        w.kw(", 'UTF8')))");
    }

    /// One of the two keys; before there is a secret, that of an empty one.
    fn hmac_key(&self, w: &mut Writer, name: &'static str, pad: &'static str) {
        if self.anyone {
            w.kw("decode(repeat('").kw(pad).kw("', ").number(BLOCK).kw("), 'hex')");
        } else {
            w.kw("(SELECT ").kw(name).kw(" FROM pg_temp.efface_key)");
        }
    }
}

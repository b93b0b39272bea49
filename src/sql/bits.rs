//! Where do the bits of a generated value come from?
//!
//! How a value is made of bits (`generate`) is one question, where they come from another: from the server's strong source
//! for `randomize`. Every bit comes out of [`Draws::digest`].

use super::keyed::Keyed;
use super::writer::Writer;
use crate::pgtype::PgType;

/// Hexadecimal characters of one digest.
const DIGEST: u32 = 64;
/// Decimal digits that [`Draws::number`] gives without a noticeable lean.
pub(super) const DIGITS: usize = 15;

/// A source of bits.
#[derive(Clone, Debug)]
pub(super) enum Bits {
    /// The server's strong source, which gives other bits at every call. `random()` could be guessed.
    Random,
    /// The old value, keyed by the run's secret: the same bits for the same value.
    Keyed(Keyed),
}

impl Bits {
    /// The bits for a part of the old value, which is written so: an array's element, a composite's field.
    pub fn of_part(&self, part: &Writer, ty: Option<&PgType>) -> Bits {
        match self {
            Bits::Random => Bits::Random,
            Bits::Keyed(keyed) => Bits::Keyed(keyed.of(part, ty)),
        }
    }
}

/// The draws of one value in the making; one that needs several has them numbered, so that they differ.
pub(super) struct Draws<'a> {
    bits: &'a Bits,
    drawn: u32,
}

impl<'a> Draws<'a> {
    pub fn from(bits: &'a Bits) -> Self {
        Self { bits, drawn: 0 }
    }

    /// The bits for a part of the old value.
    pub fn bits_of_part(&self, part: &Writer, ty: Option<&PgType>) -> Bits {
        self.bits.of_part(part, ty)
    }

    /// 32 bytes, a `bytea`, that say nothing about those of another draw.
    pub fn digest(&mut self, w: &mut Writer) {
        self.drawn += 1;
        match self.bits {
            Bits::Random => w.kw("sha256(uuid_send(gen_random_uuid()))"),
            Bits::Keyed(keyed) => keyed.digest(w, self.drawn),
        };
    }

    /// That many hexadecimal characters.
    pub fn hex(&mut self, w: &mut Writer, length: u32) {
        let mut left = length;
        while left > 0 {
            let part = left.min(DIGEST);
            if left < length {
                w.kw(" || ");
            }
            w.kw("left(encode(");
            self.digest(w);
            w.kw(", 'hex'), ").number(part).kw(")");
            left -= part;
        }
        if length == 0 {
            w.kw("''");
        }
    }

    /// Sixty bits as a number that is never negative, a `bigint`.
    pub fn number(&mut self, w: &mut Writer) {
        w.kw("('x' || ");
        self.hex(w, 15);
        w.kw(")::bit(60)::bigint");
    }

    /// That many bytes, a `bytea`.
    pub fn bytes(&mut self, w: &mut Writer, length: u32) {
        let mut left = length;
        while left > 0 {
            let part = left.min(DIGEST / 2);
            if left < length {
                w.kw(" || ");
            }
            if part < DIGEST / 2 {
                w.kw("substr(");
                self.digest(w);
                w.kw(", 1, ").number(part).kw(")");
            } else {
                self.digest(w);
            }
            left -= part;
        }
    }

    /// A UUID: of version 4 where it is random, else of version 8, whose bits are anybody's own (RFC 9562).
    pub fn uuid(&mut self, w: &mut Writer) {
        match self.bits {
            Bits::Random => {
                self.drawn += 1;
                w.kw("gen_random_uuid()");
            }
            Bits::Keyed(_) => {
                w.kw("overlay(overlay(");
                self.hex(w, 32);
                w.kw(" PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid");
            }
        }
    }
}

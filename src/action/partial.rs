//! Values of which a part stays: masked texts, coarser numbers and days, days moved a little.

use crate::pgtype::PgType;

/// `mask`: every character becomes the same one, but for some at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// What each masked character becomes.
    pub with: char,
    /// So many characters at the beginning stay.
    pub keep_first: u32,
    /// So many characters at the end stay.
    pub keep_last: u32,
}

/// `generalize`: a coarser value, of the same type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generalize {
    /// A moment is cut to the beginning of this unit.
    Unit(Unit),
    /// A number is cut, towards zero, to a multiple of this one: decimal text, above zero.
    Step(String),
}

macro_rules! units {
    ($($variant:ident = $name:literal;)*) => {
        /// A unit of time to whose beginning a moment is cut.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Unit {
            $(#[doc = $name] $variant,)*
        }

        impl Unit {
            /// Every unit, the longest first.
            pub const ALL: &'static [Unit] = &[$(Unit::$variant,)*];

            /// The word in the policy; the same as `date_trunc` takes (manual, 9.9.2).
            pub fn name(self) -> &'static str {
                match self { $(Unit::$variant => $name,)* }
            }

            /// The unit of that name.
            pub fn from_name(name: &str) -> Option<Unit> {
                Unit::ALL.iter().copied().find(|unit| unit.name() == name)
            }
        }
    };
}

units! {
    Century = "century";
    Decade = "decade";
    Year = "year";
    Quarter = "quarter";
    Month = "month";
    Week = "week";
    Day = "day";
    Hour = "hour";
    Minute = "minute";
}

impl Generalize {
    /// Whether values of a type can be made coarser so.
    pub fn fits(&self, ty: &PgType) -> bool {
        match (self, ty) {
            (_, PgType::Array { of, .. }) => self.fits(of),
            // A day has no hours that could be cut off.
            (Generalize::Unit(unit), PgType::Date) => !matches!(unit, Unit::Day | Unit::Hour | Unit::Minute),
            (Generalize::Unit(unit), PgType::Time) => matches!(unit, Unit::Hour | Unit::Minute),
            (Generalize::Unit(_), PgType::Timestamp | PgType::Timestamptz) => true,
            (Generalize::Step(_), ty) => ty.is_number(),
            (Generalize::Unit(_), _) => false,
        }
    }
}

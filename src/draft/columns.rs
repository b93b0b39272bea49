//! What is to happen to a column, as far as its name, its type and a sample of its values tell?
//!
//! What is safe to keep is kept, with the reason. What is a person's goes: by `null`, or by what fits where NULL doesn't.
//! What can't be told is `undecided`: nothing is kept because nobody knew better.

use super::facts::{Facts, Sample};
use super::looks::Look;
use super::rows::Rows;
use super::words::{self, Class};
use super::{tables, yaml};
use crate::catalog::{Catalog, Column, ColumnId, Generated, Table, TableId};
use crate::pgtype::PgType;

/// A decision that was guessed, or several to be tried one after the other.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    pub column: ColumnId,
    /// Decisions as a policy spells them, the best first; when none is left, the column is undecided.
    pub ladder: Vec<String>,
    /// Which of them stands; one past the last for undecided.
    pub at: usize,
    /// Why, for a comment.
    pub why: String,
    /// What could be chosen where it is undecided.
    pub choices: Vec<String>,
}

/// What a trial has shown of a decision that doesn't simply fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Only a server can tell.
    Unsure,
    /// It doesn't fit.
    Refused,
}

/// Verdicts by the decision's place in its ladder.
pub(super) type Verdicts = std::collections::BTreeMap<usize, Verdict>;

impl Guess {
    /// What is guessed; none where somebody has to decide.
    pub fn decision(&self) -> Option<&str> {
        self.ladder.get(self.at).map(String::as_str)
    }

    /// Goes to the best decision by what is known of each: one that fits, else one of which only a server can tell.
    pub fn choose(&mut self, verdicts: &Verdicts) {
        let all = 0..self.ladder.len();
        let known = |at: usize| verdicts.get(&at);
        let best = all.clone().find(|at| known(*at).is_none());
        let best = best.or_else(|| all.clone().find(|at| known(*at) == Some(&Verdict::Unsure)));
        self.at = best.unwrap_or(self.ladder.len());
    }

    fn new(column: ColumnId, ladder: Vec<String>, why: impl Into<String>) -> Self {
        Self { column, ladder, at: 0, why: why.into(), choices: Vec::new() }
    }
}

/// What a guess is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub catalog: &'a Catalog,
    pub facts: &'a Facts,
    pub subject: TableId,
    /// The subject's key, where it isn't the primary key.
    pub key: &'a [crate::ident::Ident],
    pub rows: &'a Rows,
    /// Columns of the subject whose values `scrub` could look for.
    pub scrub: &'a str,
    /// Which tables are decided.
    pub decided: &'a dyn Fn(TableId) -> bool,
}

impl<'a> About<'a> {
    fn table(&self) -> &'a Table {
        self.catalog.table(self.rows.table)
    }

    fn sample(&self, column: &Column) -> Option<&'a Sample> {
        self.facts.tables.get(&self.table().name)?.samples.get(&column.name).filter(|sample| sample.values > 0)
    }

    fn comment(&self, column: &Column) -> Option<&'a str> {
        self.facts.tables.get(&self.table().name)?.comments.get(&column.name).map(String::as_str)
    }

    /// The columns in the table's order.
    pub fn order(&self) -> Vec<ColumnId> {
        let table = self.table();
        let order = self.facts.tables.get(&table.name).map(|facts| &facts.order);
        let mut ids: Vec<ColumnId> = (0..table.columns.len()).map(ColumnId).collect();
        let place = |id: &ColumnId| {
            let name = &table.column_at(*id).name;
            order.and_then(|order| order.iter().position(|other| other == name)).unwrap_or(usize::MAX)
        };
        ids.sort_by_key(|id| (place(id), *id));
        ids
    }
}

/// The guess about one column of rows that stay.
pub(super) fn guess(about: &About<'_>, id: ColumnId) -> Guess {
    let mut guess = structural(about, id).unwrap_or_else(|| by_content(about, id));
    guess.choices = choices(about, id);
    guess
}

/// What is known without a look at the name: keys, references, what the database makes.
fn structural(about: &About<'_>, id: ColumnId) -> Option<Guess> {
    let (catalog, table) = (about.catalog, about.table());
    let column = table.column_at(id);
    let keep = |why: String| Some(Guess::new(id, vec![keep_because(&why)], ""));
    match &column.generated {
        Generated::Expression { from, .. } => {
            let from: Vec<String> = from.iter().map(|name| name.bare().to_string()).collect();
            return keep(format!("the database makes it from {}", from.join(", ")));
        }
        Generated::IdentityAlways | Generated::IdentityByDefault => return keep_word(id),
        Generated::No => {}
    }
    if let Some(parent) = about.rows.cleared.get(&id) {
        let name = catalog.table(*parent).name.bare().to_string();
        return Some(Guess::new(id, vec!["null".into()], format!("the row of `{name}` goes")));
    }
    // A natural key is a person's and a key at once.
    let personal = class_of(about, column).is_some_and(Class::is_personal) && !is_number_or_uuid(&column.ty);
    let onto = catalog.keys_to(&table.name).any(|(_, key)| key.parent_columns().any(|name| *name == column.name));
    let of = catalog.keys_of(&table.name).find(|(_, key)| key.child_columns().any(|name| *name == column.name));
    if let Some((key, foreign)) = of {
        let Some(parent) = catalog.parent(key) else { return keep_word(id) };
        let parent_table = catalog.table(parent);
        if parent == about.subject || (about.decided)(parent) {
            return keep_word(id);
        }
        if let Some(holds) = may_be_own(catalog, parent).filter(|_| foreign.child_columns().count() == 1) {
            let what = if holds { "holds what is a person's" } else { "may be the person's own" };
            let why = format!("leads to `{}`, which {what}: see `referenced_by` below", parent_table.name.bare());
            return Some(Guess::new(id, Vec::new(), why));
        }
        return keep_word(id);
    }
    let same = |key: &crate::catalog::ForeignKey| {
        let parent = catalog.table_id(&key.parent);
        matches!(&key.pairs[..], [pair] if pair.child == column.name) && parent.is_some_and(|it| it != about.subject)
    };
    if let Some((_, key)) = catalog.keys().find(|(_, key)| same(key)).filter(|_| !personal && is_number_s_name(column))
    {
        return keep(format!("a reference, as in {}", key.child.bare()));
    }
    if onto && !personal {
        return keep("other rows reference it".into())
            .filter(|_| !table.primary_key.contains(&column.name))
            .or_else(|| keep_word(id));
    }
    if table.primary_key.contains(&column.name) && !personal {
        return keep_word(id);
    }
    if table.partitioned.as_ref().is_some_and(|part| part.columns.contains(&column.name)) && !column.ty.is_text() {
        return keep("the rows are partitioned by it".into());
    }
    None
}

/// Whether the rows of a table to which a person's row points may be the person's own; and whether the table's columns say so,
/// or only its name.
pub(super) fn may_be_own(catalog: &Catalog, parent: TableId) -> Option<bool> {
    let table = catalog.table(parent);
    let name = table.name.name.as_str();
    let told = |class: Class| {
        use Class::{Account, Address, Birth, Email, Name, Official, Phone};
        matches!(class, Email | Phone | Name | Address | Birth | Account | Official)
    };
    let holds = table.columns.iter().any(|column| words::class(column.name.as_str(), name).is_some_and(told));
    let alone = tables::kind(name) != Some(tables::Kind::Shared);
    (tables::is_parent_of_one(name) || (holds && alone)).then_some(holds)
}

/// Whether a column is called as what stands for something else: `project_id`.
fn is_number_s_name(column: &Column) -> bool {
    let words = words::split(column.name.as_str());
    words.len() > 1 && words.last().is_some_and(|last| matches!(last.as_str(), "id" | "uuid" | "key" | "code" | "no"))
}

fn is_number_or_uuid(ty: &PgType) -> bool {
    ty.is_number() || *ty == PgType::Uuid
}

fn keep_word(id: ColumnId) -> Option<Guess> {
    Some(Guess::new(id, vec!["keep".into()], ""))
}

pub(super) fn keep_because(why: &str) -> String {
    format!("{{ keep: {} }}", yaml::in_flow(why))
}

/// What the name of a column, or what people say about it, tells.
fn class_of(about: &About<'_>, column: &Column) -> Option<Class> {
    let table = about.table().name.name.as_str();
    words::class(column.name.as_str(), table).or_else(|| {
        about.comment(column).and_then(|comment| words::class(comment, table)).filter(|class| class.is_personal())
    })
}

/// By name, by what the values look like, and by type.
fn by_content(about: &About<'_>, id: ColumnId) -> Guess {
    let column = about.table().column_at(id);
    let ty = &column.ty;
    let by_name = class_of(about, column);
    let sample = about.sample(column);
    let seen = sample.and_then(Sample::most);
    let looks = sample
        .zip(seen)
        .map(|(sample, (look, count))| format!("{count} of {} sampled values hold {}", sample.values, look.words()));
    let said = |reason: String| match &looks {
        Some(looks) => format!("{reason}; {looks}"),
        None => reason,
    };
    let named = |class: Class| {
        let own = words::class(column.name.as_str(), about.table().name.name.as_str()) == Some(class);
        format!("{}, by its {}", class.words(), if own { "name" } else { "comment" })
    };
    let element = ty.element();
    // A yes or no, a number of things, a moment, that the name doesn't say more about.
    let plain = matches!(
        element,
        PgType::Boolean
            | PgType::Date
            | PgType::Time
            | PgType::Timestamp
            | PgType::Timestamptz
            | PgType::Interval
            | PgType::Range { .. }
            | PgType::Uuid
            | PgType::Enum { .. }
            | PgType::Bit { .. }
            | PgType::VarBit { .. }
    ) || element.is_number();
    match by_name {
        Some(class) if class.is_personal() => {
            // `email_opt_in boolean`: about addresses, and none itself.
            let kind_of_thing = match element {
                PgType::Boolean => matches!(class, Class::Intimate),
                PgType::Timestamp | PgType::Timestamptz => matches!(class, Class::Birth),
                PgType::Date => matches!(class, Class::Birth | Class::Account | Class::Official),
                PgType::Enum { .. } => matches!(class, Class::Intimate | Class::Birth),
                PgType::Interval | PgType::Time | PgType::Range { .. } => false,
                _ => true,
            };
            if !kind_of_thing {
                return kept_by_type(id, element);
            }
            // Where a thing is says nothing about a person, unless it is the person's row.
            let not_null = about.catalog.refuses_null(column) || column.not_null_in_part;
            if class == Class::Place && about.rows.table != about.subject && not_null {
                return Guess::new(id, Vec::new(), said(named(class)));
            }
            // A number of another system's in the books is what the books are reconciled by.
            if matches!(class, Class::External | Class::Link) && about.rows.table != about.subject {
                return Guess::new(id, Vec::new(), said(named(class)));
            }
            if class == Class::Handle && is_number_or_uuid(element) && about.rows.table != about.subject {
                return Guess::new(id, Vec::new(), said(named(class)));
            }
            return Guess::new(id, ladder(about, column, Some(class), seen.map(|(look, _)| look)), said(named(class)));
        }
        Some(Class::Prose) if !plain => {
            return Guess::new(id, Vec::new(), said(prose(column)));
        }
        Some(Class::Prose | Class::Label | Class::Technical) | None => {}
        Some(_) => {}
    }
    // A day in somebody's life: not when the row was made, but perhaps when they married.
    let life = about.rows.table == about.subject && *element == PgType::Date;
    if life && !words::has(&words::split(column.name.as_str()), MOMENTS) {
        return Guess::new(id, Vec::new(), "a day, and its name doesn't say of what");
    }
    if plain {
        return kept_by_type(id, element);
    }
    if let Some(looks) = &looks {
        let (look, count) = seen.unwrap_or((Look::Uuid, 0));
        let whole = sample.is_some_and(|sample| count * 2 > sample.values);
        let class = match look {
            Look::Email => Some(Class::Email),
            Look::Phone => Some(Class::Phone),
            Look::Iban | Look::Card => Some(Class::Account),
            Look::Ip => Some(Class::Trace),
            Look::Url | Look::Uuid => None,
        };
        return match class {
            // Nobody calls it so, but that is what stands there; within documents and long texts more may stand there.
            Some(class) if whole && element.is_text() && sample.is_some_and(|sample| sample.longest <= 120) => {
                Guess::new(id, ladder(about, column, Some(class), Some(look)), looks.clone())
            }
            _ => Guess::new(id, Vec::new(), looks.clone()),
        };
    }
    match element {
        PgType::Inet | PgType::Cidr => {
            return Guess::new(
                id,
                ladder(about, column, Some(Class::Trace), None),
                "an address of the network, by its type",
            );
        }
        PgType::Other { name } if name.contains("macaddr") => {
            return Guess::new(id, ladder(about, column, Some(Class::Trace), None), "a device's address, by its type");
        }
        PgType::Other { name } if name == "tsvector" => {
            return Guess::new(id, ladder(about, column, None, None), "words of texts, for searching");
        }
        _ => {}
    }
    if by_name == Some(Class::Label) && element.is_text() && sample.is_none_or(Sample::may_be_labels) {
        return Guess::new(id, vec![keep_because("a label, by its name")], "");
    }
    if let Some(sample) = sample.filter(|sample| sample.is_few_words() && element.is_text()) {
        let why = format!("a label: {} different values among {} sampled", sample.different, sample.values);
        return Guess::new(id, vec![keep_because(&why)], "");
    }
    if by_name == Some(Class::Technical) && element.is_text() && about.rows.table != about.subject {
        return Guess::new(id, vec![keep_because("technical, by its name")], "");
    }
    if matches!(element, PgType::Char { length } if *length <= 3) {
        return Guess::new(id, vec![keep_because("a short code, by its type")], "");
    }
    if by_name == Some(Class::Label) && sample.is_some_and(|sample| !sample.may_be_labels()) {
        return Guess::new(id, Vec::new(), "a label, by its name, and yet nearly every value is another one");
    }
    Guess::new(id, Vec::new(), unknown(element))
}

/// Words for what happened to a row, and not to the person.
const MOMENTS: &str = "created joined registered updated modified changed deleted removed archived inserted expires expired \
    expiry start started end ended since until valid from to seen login signed activated confirmed accepted agreed verified \
    cancelled canceled paused renewed billed due member subscribed imported synced last first next";

fn kept_by_type(id: ColumnId, ty: &PgType) -> Guess {
    let why = match ty {
        PgType::Enum { .. } => "one of the type's labels",
        PgType::Boolean => "yes or no",
        PgType::Uuid => "a random number",
        PgType::Date
        | PgType::Time
        | PgType::Timestamp
        | PgType::Timestamptz
        | PgType::Interval
        | PgType::Range { .. } => "when",
        _ => "a number",
    };
    Guess::new(id, vec!["keep".into()], why)
}

fn prose(column: &Column) -> String {
    match column.ty.element() {
        PgType::Json | PgType::Jsonb => "a document, by its type".into(),
        PgType::Bytea => "bytes, and nobody knows of what".into(),
        ty if ty.is_text() => "free text, by its name".into(),
        ty => unknown(ty).into(),
    }
}

fn unknown(ty: &PgType) -> &'static str {
    match ty {
        PgType::Json | PgType::Jsonb => "a document: what stands in it?",
        PgType::Bytea => "bytes: of what?",
        PgType::Composite { .. } => "a composite value: what stands in it?",
        PgType::Other { name }
            if matches!(name.as_str(), "point" | "box" | "circle" | "path" | "polygon" | "line" | "lseg") =>
        {
            "a place, by its type"
        }
        PgType::Other { .. } => "a type that says nothing about what it holds",
        _ => "text, and its name doesn't say of what",
    }
}

/// Decisions by which what is a person's goes; the best first.
fn ladder(about: &About<'_>, column: &Column, class: Option<Class>, look: Option<Look>) -> Vec<String> {
    let (catalog, table) = (about.catalog, about.table());
    let mut ladder: Vec<String> = Vec::new();
    let referenced = catalog.keys_to(&table.name).any(|(_, key)| key.parent_columns().any(|name| *name == column.name));
    let unique = table
        .unique
        .iter()
        .any(|index| index.columns.contains(&column.name) || index.expression_columns.contains(&column.name));
    let nullable = !catalog.refuses_null(column) && !column.not_null_in_part;
    if nullable && !referenced {
        ladder.push("null".into());
    }
    let is_email = class == Some(Class::Email) && look.is_none_or(|look| look == Look::Email);
    let random = match column.ty.element() {
        ty if ty.is_text() => Some(match class {
            _ if is_email => "randomize: email",
            Some(Class::Phone) if !unique => "randomize: phone",
            _ => "randomize: token",
        }),
        PgType::Inet | PgType::Cidr if !unique => Some("randomize: inet"),
        PgType::Uuid => Some("randomize: uuid"),
        PgType::Bytea => Some("randomize: bytes"),
        _ => None,
    };
    let random = random
        .map(|random| if referenced { format!("{{ {random}, propagate: true }}") } else { format!("{{ {random} }}") });
    let first = unique
        || referenced
        || is_email
        || matches!(class, Some(Class::Secret | Class::Phone | Class::Trace | Class::Account));
    if first {
        ladder.extend(random.clone());
    }
    if !unique && !referenced {
        let values: &[&str] = match &column.ty {
            ty if ty.is_text() => &["{ replace: \"[deleted]\" }", "{ replace: \"\" }", "{ replace: x }"],
            PgType::Array { .. } => &["{ replace: \"{}\" }"],
            PgType::Json | PgType::Jsonb => &["{ replace: \"{}\" }"],
            PgType::Bytea => &["{ replace: \"\" }"],
            PgType::Date | PgType::Timestamp | PgType::Timestamptz => &["{ generalize: year }"],
            PgType::Boolean => &["default", "{ replace: \"false\" }"],
            PgType::Enum { .. } => &["default"],
            PgType::Other { name } if name == "tsvector" => &["{ replace: \"\" }"],
            ty if ty.is_number() && class == Some(Class::Place) => &[],
            ty if ty.is_number() => &["default", "{ replace: 0 }"],
            _ => &["default"],
        };
        ladder.extend(values.iter().map(|value| (*value).to_owned()));
    }
    if !first {
        ladder.extend(random);
    }
    ladder
}

/// What somebody could choose where a column is undecided, the likeliest first.
fn choices(about: &About<'_>, id: ColumnId) -> Vec<String> {
    let column = about.table().column_at(id);
    let mut choices = Vec::new();
    if !about.catalog.refuses_null(column) && !column.not_null_in_part {
        choices.push("null".to_owned());
    }
    let element = column.ty.element();
    if column.ty.is_text() {
        let unique = about
            .table()
            .unique
            .iter()
            .any(|index| index.columns.contains(&column.name) || index.expression_columns.contains(&column.name));
        let word = if unique { "{ randomize: token }" } else { "{ replace: \"[deleted]\" }" };
        choices.push(word.to_owned());
    }
    let searchable = element.is_text() || matches!(column.ty, PgType::Json | PgType::Jsonb);
    if searchable && !about.scrub.is_empty() {
        choices.push(format!("{{ scrub: [{}], with: \"[deleted]\" }}", about.scrub));
    }
    if matches!(column.ty, PgType::Date | PgType::Timestamp | PgType::Timestamptz) {
        choices.push("{ generalize: year }".to_owned());
    }
    if matches!(column.ty, PgType::Array { .. }) {
        choices.push("{ replace: \"{}\" }".to_owned());
    }
    if column.ty == PgType::Bytea {
        choices.push("{ randomize: bytes }".to_owned());
    }
    choices
}

/// Columns of the subject's own row whose values stand in texts about people.
pub(super) fn scrubbed(catalog: &Catalog, subject: TableId) -> Vec<String> {
    let table = catalog.table(subject);
    let name = table.name.name.as_str();
    let wanted = |column: &&Column| {
        let class = words::class(column.name.as_str(), name);
        let short =
            words::has(&words::split(column.name.as_str()), "signature unterschrift salutation anrede initials");
        let said = matches!(class, Some(Class::Name | Class::Email)) && !short;
        column.ty.is_text() && said && column.generated == Generated::No
    };
    table.columns.iter().filter(wanted).take(3).map(|column| yaml::column(&table.name, &column.name)).collect()
}

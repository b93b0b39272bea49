//! Where do values stand? Asked in READ ONLY transactions that share one snapshot, so a standby can answer too.
//!
//! Each relation is looked through by one statement behind a savepoint, and its lock is let go before the next: nobody who
//! alters a table waits for more than the search of that table. What can't be looked through is told, with the reason.

mod given;
mod relations;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use self::given::Needle;
pub use self::relations::Relation;
use super::ServerError;
use crate::ident::{Ident, TableName};
use crate::sql::{Details, Given, Haystack, Paths, search};

/// More values than that are not looked for at once: each is held against each row.
pub const MOST_VALUES: usize = 10_000;
/// Nor values of more characters than that, all together.
pub const MOST_CHARACTERS: usize = 1_000_000;

/// A value of more characters is no value of one person, and its pattern more than a server compiles.
pub const LONGEST_VALUE: usize = 1_000;

/// A value to look for; several may have one number, and then any of them is meant.
#[derive(Clone, PartialEq, Eq)]
pub struct Sought {
    /// By what it is called in what is found.
    pub number: u32,
    /// The value.
    pub value: String,
}

/// How values are looked for.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// What is told of each place.
    pub details: Details,
    /// How long one relation may take; none for as long as it takes.
    pub timeout: Option<Duration>,
    /// Whether values of fewer than four characters are looked for too.
    pub short: bool,
}

/// Why values weren't looked for.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// More than one search can hold.
    #[error("these are too many values to be looked for at once")]
    TooMany,
    /// The server's log would hold the values.
    #[error("the server writes the parameters of statements to its log, and with them the values")]
    Logged,
    /// The connection is gone, or the server refuses.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl From<tokio_postgres::Error> for FindError {
    fn from(error: tokio_postgres::Error) -> Self {
        FindError::Server(error.into())
    }
}

/// A column in which values stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The relation.
    pub relation: TableName,
    /// The partitioned table whose partition it is.
    pub root: Option<TableName>,
    /// The column.
    pub column: Ident,
    /// Its type, as the server prints it.
    pub ty: String,
    /// In how many rows.
    pub rows: u64,
    /// Of each value, in how many.
    pub values: Vec<(u32, u64)>,
    /// Where in documents, and in how many of them.
    pub paths: Vec<(String, u64)>,
    /// The columns of the primary key; none where it has none or keys are not asked for.
    pub key: Vec<Ident>,
    /// Keys of rows, as texts; a part in which a value stands is left out.
    pub keys: Vec<Vec<Option<String>>>,
}

/// What was found of some values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The numbers of the values that were looked for.
    pub looked_for: Vec<u32>,
    /// How many relations were to be looked through.
    pub relations: u64,
    /// Where they stand, by relation and the order of its columns.
    pub places: Vec<Place>,
    /// What could not be looked through, with the reason.
    pub not_searched: Vec<(TableName, Option<Ident>, String)>,
}

/// Is told how far a search is.
pub trait Progress {
    /// So many relations are to be looked through, with so many pages.
    fn begun(&self, relations: usize, pages: u64);
    /// One is begun.
    fn at(&self, relation: &TableName);
    /// One is done.
    fn done(&self, pages: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begun(&self, _: usize, _: u64) {}
    fn at(&self, _: &TableName) {}
    fn done(&self, _: u64) {}
}

/// What was found in one relation, by its place among them.
type Answer = Result<Vec<Place>, String>;

/// Looks for values in all relations that are wanted, over as many sessions as are given; at least one.
///
/// # Errors
/// A connection is gone, there are too many values, or they would be logged.
pub async fn find(
    sessions: &[&Client],
    sought: &[Sought],
    how: &How,
    choose: impl FnOnce(Vec<Relation>) -> Vec<Relation>,
    progress: &impl Progress,
) -> Result<Found, FindError> {
    let characters = sought.iter().map(|it| it.value.chars().count()).sum::<usize>();
    if sought.len() > MOST_VALUES || characters > MOST_CHARACTERS {
        return Err(FindError::TooMany);
    }
    let fits = |it: &&Sought| it.value.chars().count() <= LONGEST_VALUE;
    let sought: Vec<Sought> = sought.iter().filter(fits).cloned().collect();
    let leader = sessions.first().ok_or_else(|| ServerError::Protocol("no session to ask".into()))?;
    let found = find_within(leader, sessions, &sought, how, choose, progress).await;
    for session in sessions {
        // What is gone is told by `found`.
        let _ = session.batch_execute("ROLLBACK").await;
    }
    found
}

async fn find_within(
    leader: &Client,
    sessions: &[&Client],
    sought: &[Sought],
    how: &How,
    choose: impl FnOnce(Vec<Relation>) -> Vec<Relation>,
    progress: &impl Progress,
) -> Result<Found, FindError> {
    let way = given::way(leader).await?;
    let given = way.given;
    let timeout =
        how.timeout.map_or(0, |limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).min(i32::MAX as u64));
    given::begin(leader, way, None).await?;
    let encoding = leader.query_typed("SELECT pg_catalog.getdatabaseencoding()::text", &[]).await?;
    let encoding = encoding.first().map(|row| row.try_get::<_, String>(0)).transpose()?;
    let other_encoding = encoding.as_deref() != Some("UTF8");
    let needles = if other_encoding {
        given::needles_in_other_encoding(leader, sought, how.short).await?
    } else {
        given::needles(leader, given, sought, how.short).await?
    };
    let mut looked_for: Vec<u32> = needles.iter().map(|it| it.no.cast_unsigned()).collect();
    looked_for.sort_unstable();
    looked_for.dedup();
    let relations = choose(relations::relations(leader).await?);
    let mut found = Found { looked_for, relations: relations.len() as u64, ..Found::default() };
    for relation in &relations {
        let barred =
            relation.barred.iter().map(|(column, why)| (relation.name.clone(), column.clone(), (*why).to_owned()));
        found.not_searched.extend(barred);
    }
    if needles.is_empty() {
        return Ok(found);
    }
    let snapshot = match sessions {
        [_] => None,
        _ => {
            let rows = leader.query_typed("SELECT pg_catalog.pg_export_snapshot()", &[]).await?;
            rows.first().map(|row| row.try_get::<_, String>(0)).transpose()?
        }
    };
    given::give(leader, given, &needles).await?;
    try_join_all(sessions.iter().skip(1).map(|session| async {
        given::begin(session, way, snapshot.as_deref()).await?;
        given::give(session, given, &needles).await
    }))
    .await?;
    let words = known_words(leader).await?;
    // The largest first, so that none is left to one session at the end.
    let mut order: Vec<usize> = (0..relations.len()).filter(|index| relations[*index].haystack.is_some()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(relations[*index].pages), *index));
    progress.begun(order.len(), relations.iter().map(|it| it.pages).sum());
    let queue = RefCell::new(VecDeque::from(order));
    let answers: RefCell<Vec<(usize, Answer)>> = RefCell::new(Vec::new());
    let details = Details { other_encoding, ..how.details };
    let asking = Asking { given, needles: &needles, words: &words, how, details, timeout };
    try_join_all(sessions.iter().map(|session| async {
        loop {
            let Some(index) = queue.borrow_mut().pop_front() else { return Ok::<(), FindError>(()) };
            let relation = &relations[index];
            progress.at(&relation.name);
            let answer = asking.look_through(session, relation).await?;
            progress.done(relation.pages);
            answers.borrow_mut().push((index, answer));
        }
    }))
    .await?;
    let mut answers = answers.into_inner();
    answers.sort_by_key(|(index, _)| *index);
    for (index, answer) in answers {
        match answer {
            Ok(places) => found.places.extend(places),
            Err(why) => found.not_searched.push((relations[index].name.clone(), None, why)),
        }
    }
    found.not_searched.sort();
    Ok(found)
}

/// What every question to a session has.
struct Asking<'a> {
    given: Given,
    needles: &'a [Needle],
    words: &'a [String],
    how: &'a How,
    details: Details,
    /// In milliseconds; 0 for none.
    timeout: u64,
}

impl Asking<'_> {
    /// An error only where the session is gone.
    async fn look_through(&self, session: &Client, relation: &Relation) -> Result<Answer, FindError> {
        let Some(haystack) = &relation.haystack else { return Ok(Ok(Vec::new())) };
        match self.ask(session, relation, haystack, self.details).await? {
            Ok(places) => Ok(Ok(places)),
            // A document that can't be taken apart.
            Err(error)
                if self.details.paths != Paths::Hidden
                    && error
                        .sqlstate()
                        .is_some_and(|code| code.starts_with("22") || matches!(code, "54001" | "0A000")) =>
            {
                let details = Details { paths: Paths::Hidden, ..self.details };
                Ok(self.ask(session, relation, haystack, details).await?.map_err(|error| self.why(error)))
            }
            Err(error) => Ok(Err(self.why(error))),
        }
    }

    async fn ask(
        &self,
        session: &Client,
        relation: &Relation,
        haystack: &Haystack,
        details: Details,
    ) -> Result<Result<Vec<Place>, ServerError>, FindError> {
        session
            .batch_execute(&format!("SAVEPOINT efface_search; SET LOCAL statement_timeout = {}", self.timeout))
            .await?;
        let given = match self.given {
            Given::Parameters => self.needles,
            Given::Tables => &[],
        };
        let numbers: Vec<i32> = given.iter().map(|it| it.no).collect();
        let texts = |text: fn(&Needle) -> &str| -> Vec<&str> { given.iter().map(text).collect() };
        let values = texts(|it| &it.value);
        let (plain, escaped) = (texts(|it| &it.plain), texts(|it| &it.escaped));
        let (sieve, coarse) = (texts(|it| &it.sieve), texts(|it| &it.coarse));
        let parameters: [(&(dyn ToSql + Sync), Type); 7] = [
            (&numbers, Type::INT4_ARRAY),
            (&values, Type::TEXT_ARRAY),
            (&plain, Type::TEXT_ARRAY),
            (&escaped, Type::TEXT_ARRAY),
            (&sieve, Type::TEXT_ARRAY),
            (&coarse, Type::TEXT_ARRAY),
            (&self.words, Type::TEXT_ARRAY),
        ];
        let question = search(haystack, self.given, details);
        let asked = session.query_typed(question.as_str(), &parameters).await.map_err(ServerError::from);
        match asked {
            Err(error) if error.is_lost() => Err(error.into()),
            asked => {
                // Its lock goes too.
                session.batch_execute("ROLLBACK TO SAVEPOINT efface_search; RELEASE SAVEPOINT efface_search").await?;
                Ok(match asked {
                    Ok(rows) => Ok(places(relation, haystack, details, &rows)?),
                    Err(error) => Err(error),
                })
            }
        }
    }

    fn why(&self, error: ServerError) -> String {
        match (error.sqlstate(), self.how.timeout) {
            (Some("57014"), Some(limit)) => {
                format!("not finished within {} s: give it more time, with `--timeout`", limit.as_secs_f64())
            }
            (Some("55P03"), _) => "another session has locked it, for more than two seconds: run again".to_owned(),
            _ => error.to_string(),
        }
    }
}

/// What the rows of an answer say.
fn places(
    relation: &Relation,
    haystack: &Haystack,
    details: Details,
    rows: &[tokio_postgres::Row],
) -> Result<Vec<Place>, ServerError> {
    let empty = |((column, _), ty): (&(Ident, _), &String)| Place {
        relation: relation.name.clone(),
        root: relation.root.clone(),
        column: column.clone(),
        ty: ty.clone(),
        rows: 0,
        values: Vec::new(),
        paths: Vec::new(),
        key: if details.keys.is_some() { haystack.key.clone() } else { Vec::new() },
        keys: Vec::new(),
    };
    let mut places: Vec<Place> = haystack.columns.iter().zip(&relation.types).map(empty).collect();
    let mut keys: Vec<(usize, i32, Vec<Option<String>>)> = Vec::new();
    for row in rows {
        let (what, n, no): (String, i32, Option<i32>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (words, rows): (Option<Vec<Option<String>>>, i64) = (row.try_get(3)?, row.try_get(4)?);
        let index = usize::try_from(n - 1).unwrap_or(usize::MAX);
        let Some(place) = places.get_mut(index) else { continue };
        let (words, rows) = (words.unwrap_or_default(), rows.unsigned_abs());
        match (what.as_str(), no) {
            ("rows", _) => place.rows = rows,
            ("value", Some(no)) => place.values.push((no.cast_unsigned(), rows)),
            ("path", _) => place.paths.extend(words.into_iter().flatten().map(|path| (path, rows))),
            ("key", Some(nth)) => keys.push((index, nth, words)),
            _ => return Err(ServerError::Protocol("an answer that was not asked for".into())),
        }
    }
    keys.sort_by_key(|(index, nth, _)| (*index, *nth));
    for (index, _, key) in keys {
        places[index].keys.push(key);
    }
    places.retain(|place| place.rows > 0);
    for place in &mut places {
        place.values.sort_unstable();
        place.paths.sort();
    }
    Ok(places)
}

/// Words that may be shown as keys of documents, since the schema says them too, or everybody does.
async fn known_words(leader: &Client) -> Result<Vec<String>, ServerError> {
    const USUAL: &str = "id uuid key type kind name first_name last_name full_name display_name given_name family_name surname nickname \
        user_name login email e_mail mail emails email_address phone phones phone_number telephone tel mobile fax address addresses street \
        house_number city town zip zip_code postcode postal_code state country region birthday birth_date date_of_birth gender user users \
        customer client person people contact contacts owner author sender recipient from to cc bcc profile account data payload body text \
        message subject title description note notes comment comments value values old new before after changes row record items item \
        metadata meta attributes properties params request response headers ip ip_address user_agent url iban bic card card_number \
        account_number tax_id created_by updated_by";
    const COLUMNS: &str = "SELECT DISTINCT a.attname::text
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'";
    let mut words: Vec<String> = USUAL.split_whitespace().map(str::to_owned).collect();
    for row in leader.query_typed(COLUMNS, &[]).await? {
        words.push(row.try_get(0)?);
    }
    words.sort();
    words.dedup();
    Ok(words)
}

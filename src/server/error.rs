//! What did the server refuse, said without the rows that it quotes?
//!
//! A server's message can hold values: `Key (email)=(ann@…) already exists`, `invalid input syntax for type integer:
//! "…"`. So what is printed is chosen by SQLSTATE: our own words, the names of things, and the server's message only
//! where it is known to name nothing but schema objects. `Debug` is as discreet as `Display`, because logs use it.

use std::fmt;

use tokio_postgres::error::DbError;

use crate::catalog::CatalogError;
use crate::ident::shown;

/// Something went wrong between us and the server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// There is no connection; the text says what to do.
    #[error("{0}")]
    Connect(String),
    /// The server refused a statement.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The connection is gone; what was under way may or may not have happened.
    #[error("the connection to the server was lost")]
    Lost,
    /// The server has been silent for longer than it lets a statement run.
    #[error("the server has not answered for {} s", .0.as_secs())]
    Silent(std::time::Duration),
    /// The server said something that the driver doesn't understand.
    #[error("the server's answer was not understood: {0}")]
    Protocol(String),
    /// A version that we don't know.
    #[error("the server is PostgreSQL {found}; this efface knows 13 to 18")]
    Version {
        /// Its version, as it prints it.
        found: String,
    },
    /// A code in the server's catalog that we don't know.
    #[error("the server's catalog holds a code that this efface does not know: {column} is `{code}`")]
    UnknownCode {
        /// Where: `pg_class.relkind`.
        column: &'static str,
        /// The code.
        code: String,
    },
    /// What was read doesn't fit together: it was changed while we read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// A statement that the server refused. Fields that can quote rows are private.
pub struct Refusal {
    /// The five characters of its SQLSTATE.
    pub sqlstate: String,
    /// The table that it names.
    pub table: Option<(String, String)>,
    /// The column that it names.
    pub column: Option<String>,
    /// The constraint that it names.
    pub constraint: Option<String>,
    /// Where in the statement's text, in characters from 1.
    pub position: Option<u32>,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
    /// The server's source file that raised it: tells the server's own words from those of a function.
    file: Option<String>,
    reveal: bool,
}

impl ServerError {
    /// An answer to a question of ours that has another form than it can have.
    pub fn no_answer(error: serde_json::Error) -> Self {
        ServerError::Protocol(error.to_string())
    }

    /// The SQLSTATE, where the server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.sqlstate.as_str())
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            ServerError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the connection is gone: by the network, or because the server ended it.
    pub fn is_lost(&self) -> bool {
        // 57P01 to 57P05: the server (or an administrator) ends the session.
        matches!(self, ServerError::Lost | ServerError::Silent(_))
            || self.sqlstate().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
    }

    /// What to look at, for refusals that a look at the plan doesn't explain: those behind which triggers stand.
    pub fn help(&self) -> Option<String> {
        let refusal = self.refusal()?;
        match refusal.sqlstate.as_str() {
            "27000" => Some(
                "look at the BEFORE triggers of that table: one writes rows that the same statement changes or deletes; \
                 make it fire AFTER, or let it leave these rows alone"
                    .to_owned(),
            ),
            "23503" => {
                let table = refusal.table.as_ref().map(|(schema, table)| {
                    format!(" into `{}`", crate::ident::TableName::new(schema.as_str(), table.as_str()).bare())
                });
                let table = table.unwrap_or_default();
                Some(format!(
                    "look at the triggers of the tables that the plan changes: one may have written rows{table} that \
                     reference deleted ones; let it leave the reference out, or delete its rows by a rule"
                ))
            }
            // `check` has looked at what the plan itself needs.
            "42501" => Some(
                "look at the triggers of that table: `efface grants` lists those functions that run with the rights of \
                 the role, and the tables that they mention; grant what they need"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Prints everything that the server said from now on, rows too (`--show-server-detail`).
    pub fn with_detail(mut self, reveal: bool) -> Self {
        if let ServerError::Refused(refusal) = &mut self {
            refusal.reveal = reveal;
        }
        self
    }
}

impl From<tokio_postgres::Error> for ServerError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(refused) = error.as_db_error() {
            return ServerError::Refused(Box::new(Refusal::new(refused)));
        }
        // The driver's kind is private; its first line is constant text, its source may be anything and is dropped.
        let kind = error.to_string();
        if error.is_closed() || kind == "error communicating with the server" {
            return ServerError::Lost;
        }
        ServerError::Protocol(kind)
    }
}

impl Refusal {
    fn new(error: &DbError) -> Self {
        let schema_of = |table: &str| (error.schema().unwrap_or_default().to_owned(), table.to_owned());
        let by_function = error.file().is_some_and(raised_by_a_function);
        // RAISE … USING COLUMN = … takes any text.
        let named = |name: Option<&str>| name.filter(|_| !by_function).map(str::to_owned);
        Self {
            sqlstate: error.code().code().to_owned(),
            table: error.table().filter(|_| !by_function).map(schema_of),
            column: named(error.column()),
            constraint: named(error.constraint()),
            position: match error.position() {
                Some(tokio_postgres::error::ErrorPosition::Original(position)) => Some(*position),
                Some(tokio_postgres::error::ErrorPosition::Internal { .. }) | None => None,
            },
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
            file: error.file().map(str::to_owned),
            reveal: false,
        }
    }

    /// The detail, if the error has that SQLSTATE: for codes that efface itself raises in its assertions, whose detail
    /// it wrote. Anything else may quote rows.
    pub fn own_detail(&self, sqlstate: &str) -> Option<&str> {
        self.detail.as_deref().filter(|_| self.sqlstate == sqlstate)
    }

    /// Whether a query would have been filtered by row-level security, which `row_security = off` makes an error: a
    /// SQLSTATE that missing privileges share.
    pub fn is_about_row_security(&self) -> bool {
        self.sqlstate == "42501" && self.file.as_deref() == Some("rls.c")
    }

    /// The server's own message where it names nothing but schema objects.
    pub fn public_message(&self) -> Option<&str> {
        if self.file.as_deref().is_some_and(raised_by_a_function) {
            return None;
        }
        // Constant texts, and the names of roles and databases.
        let constant = matches!(&self.sqlstate[..2], "08" | "28" | "40" | "53" | "57") || self.sqlstate == "55P03";
        // Names of schema objects; but a function that builds statements (`EXECUTE`) can put a value where a name
        // belongs, and then there is a context.
        let names = matches!(&self.sqlstate[..2], "42" | "3D" | "3F" | "2B" | "25") || self.sqlstate == "0A000";
        (constant || (names && self.context.is_none())).then_some(self.message.as_str())
    }

    fn words(&self) -> &'static str {
        match self.sqlstate.as_str() {
            "23502" => "a column that refuses NULL would become NULL",
            "23503" => "a foreign key would be broken",
            "23505" => "a unique constraint would be broken",
            "23514" => "a CHECK constraint would be broken",
            "23P01" => "an exclusion constraint would be broken",
            "21000" => "a sub-select gave more than one row",
            "22001" => "a value is too long for its column",
            "22003" => "a number is out of range",
            "22007" | "22008" => "a date or time is out of range or can't be read",
            "22012" => "a division by zero",
            "22P02" => "a value can't be read as its type",
            "27000" => "a trigger changed a row that the statement was to change or delete itself",
            "25006" => "the transaction is read-only",
            "42501" => "the role may not do that",
            "P0001" => "a function of the database raised an error",
            "XX000" | "XX001" | "XX002" => "an internal error of the server",
            code => match &code[..2] {
                "22" => "a value doesn't fit",
                "23" => "a constraint would be broken",
                "42" => "the statement was not accepted",
                "44" => "a view's CHECK OPTION would be broken",
                "P0" => "a function of the database raised an error",
                "54" => "a limit of the server was reached",
                "58" => "the server's system failed",
                _ => "an error",
            },
        }
    }
}

/// Whether a message comes from a procedural language, where RAISE takes any text and any SQLSTATE.
fn raised_by_a_function(file: &str) -> bool {
    ["pl_", "plpy_", "plperl", "pltcl", "plv8"].iter().any(|language| file.starts_with(language))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.public_message() {
            Some(message) => write!(f, "{} (SQLSTATE {})", shown(message), self.sqlstate)?,
            None => write!(f, "{} (SQLSTATE {})", self.words(), self.sqlstate)?,
        }
        if let Some(constraint) = &self.constraint {
            write!(f, ", constraint `{}`", shown(constraint))?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{}`", shown(column))?;
        }
        if let Some((schema, table)) = &self.table {
            write!(f, ", table `{}`", crate::ident::TableName::new(schema.as_str(), table.as_str()).bare())?;
        }
        if self.reveal {
            write!(f, "\nserver: {}", shown(&self.message))?;
            for (what, text) in [("detail", &self.detail), ("hint", &self.hint), ("context", &self.context)] {
                if let Some(text) = text {
                    write!(f, "\n{what}: {}", shown(text))?;
                }
            }
        } else if self.public_message().is_none() {
            f.write_str(
                "; the server's message is withheld, since it may quote rows (`--show-server-detail` shows it)",
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(sqlstate: &str, message: &str) -> Refusal {
        Refusal {
            sqlstate: sqlstate.into(),
            table: Some(("public".into(), "users".into())),
            column: None,
            constraint: Some("users_email_key".into()),
            position: None,
            message: message.into(),
            detail: Some("Key (email)=(SECRET) already exists.".into()),
            hint: None,
            context: None,
            file: Some("nbtinsert.c".into()),
            reveal: false,
        }
    }

    fn printed(refusal: Refusal) -> String {
        let error = ServerError::Refused(Box::new(refusal));
        format!("{error} {error:?} {error:#?}")
    }

    #[test]
    fn a_quoted_row_is_not_printed() {
        for sqlstate in
            ["23505", "23503", "23502", "23514", "22P02", "22001", "22007", "P0001", "XX000", "44000", "99999"]
        {
            let text = printed(refusal(sqlstate, "invalid input syntax for type integer: \"SECRET\""));
            assert!(!text.contains("SECRET"), "{sqlstate}: {text}");
        }
    }

    #[test]
    fn the_constraint_and_the_table_are_named() {
        insta::assert_snapshot!(ServerError::Refused(Box::new(refusal("23505", "SECRET"))), @"a unique constraint would be broken (SQLSTATE 23505), constraint `users_email_key`, table `users`; the server's message is withheld, since it may quote rows (`--show-server-detail` shows it)");
    }

    #[test]
    fn what_triggers_may_have_done_has_a_help_that_names_the_table() {
        let help = |sqlstate| ServerError::Refused(Box::new(refusal(sqlstate, "SECRET"))).help();
        assert!(help("23503").is_some_and(|help| help.contains("`users`") && !help.contains("SECRET")));
        assert!(help("27000").is_some_and(|help| help.contains("BEFORE")));
        assert_eq!(help("23505"), None);
    }

    #[test]
    fn a_message_that_names_schema_objects_is_kept() {
        let text = printed(refusal("42703", "column \"emial\" does not exist"));
        assert!(text.contains("emial") && !text.contains("SECRET"), "{text}");
    }

    #[test]
    fn a_function_can_raise_any_code_and_is_not_believed() {
        for file in ["pl_exec.c", "plpy_elog.c", "plperl.c"] {
            let mut raised = refusal("42501", "SECRET may not be deleted");
            raised.file = Some(file.into());
            assert!(!printed(raised).contains("SECRET"), "{file}");
        }
    }

    #[test]
    fn a_statement_built_in_a_function_can_hold_a_value_where_a_name_belongs() {
        let mut built = refusal("42703", "column \"SECRET\" does not exist");
        built.context = Some("PL/pgSQL function audit() line 3 at EXECUTE".into());
        assert!(!printed(built).contains("SECRET"));
    }

    #[test]
    fn everything_is_shown_to_those_who_ask() {
        let error = ServerError::Refused(Box::new(refusal("23505", "duplicate key"))).with_detail(true);
        assert!(error.to_string().contains("(SECRET)"));
    }

    #[test]
    fn a_detail_of_ours_is_read_by_its_code_only() {
        let own = refusal("EF001", "x");
        assert!(own.own_detail("EF001").is_some() && own.own_detail("23505").is_none());
    }
}

//! Which of several servers?
//!
//! As libpq does where a list of hosts is given: the first that answers and suits. Whoever has refused the role ends the
//! search; a server that can't be reached, starts up or doesn't suit does not. What is chosen stays chosen: a run's other
//! sessions go to the same server.

use super::ask::texts;
use super::connect::{Connection, connect_or_tell};
use super::error::ServerError;
use super::settings::{SessionAttrs, Settings};

/// A session on the first server that suits, and the settings that lead to that one alone.
///
/// # Errors
/// As [`connect`](fn@super::connect) where there is one server; where there are several, what each of them said.
pub async fn connect_first(
    candidates: Vec<Settings>,
    application_name: &str,
) -> Result<(Settings, Connection), ServerError> {
    let mut said: Vec<ServerError> = Vec::new();
    let several = candidates.len() > 1;
    // With `prefer-standby` a second round takes what the first has left.
    for round in [Round::Strict, Round::Lax] {
        for settings in &candidates {
            if round == Round::Lax && settings.session != SessionAttrs::PreferStandby {
                continue;
            }
            match connect_or_tell(settings, application_name).await {
                Ok(connection) => match unsuitable(settings, &connection, round).await? {
                    None => return Ok((settings.clone(), connection)),
                    Some(why) => {
                        let place = settings.place();
                        said.push(ServerError::Connect(format!("{why} ({place})")));
                        connection.close().await;
                    }
                },
                Err(refusal) if refusal.by_server => return Err(refusal.error),
                Err(refusal) => said.push(refusal.error),
            }
        }
    }
    match (said.pop(), several) {
        (Some(last), false) => Err(last),
        (Some(last), true) => {
            // What each of them would be told to try next is for one alone.
            let short = |error: &ServerError| {
                let words = error.to_string();
                words.split("; is a server running").next().unwrap_or_default().to_owned()
            };
            let mut all: Vec<String> = said.iter().chain([&last]).map(short).collect();
            all.dedup();
            Err(ServerError::Connect(format!("none of {} servers will do: {}", candidates.len(), all.join("; "))))
        }
        (None, _) => Err(ServerError::Connect("no server is named".into())),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Strict,
    Lax,
}

const QUESTION: &str = "
    SELECT pg_catalog.pg_is_in_recovery()::pg_catalog.text, pg_catalog.current_setting('default_transaction_read_only')";

/// Why a session is not what `target_session_attrs` asks for.
async fn unsuitable(
    settings: &Settings,
    connection: &Connection,
    round: Round,
) -> Result<Option<&'static str>, ServerError> {
    if settings.session == SessionAttrs::Any || round == Round::Lax {
        return Ok(None);
    }
    let answer = texts(&connection.client.simple_query(QUESTION).await?);
    let is = |column: usize, wanted: &str| answer.get(column).is_some_and(|text| text.as_deref() == Some(wanted));
    let (standby, by_setting) = (is(0, "true"), is(1, "on"));
    let read_only = standby || by_setting;
    Ok(match settings.session {
        SessionAttrs::ReadWrite if standby => Some("a standby, where nothing can be changed"),
        SessionAttrs::ReadWrite if by_setting => Some("`default_transaction_read_only` is on"),
        SessionAttrs::ReadOnly if !read_only => Some("a server that takes changes, where `read-only` is asked for"),
        SessionAttrs::Primary if standby => Some("a standby, where the primary is asked for"),
        SessionAttrs::Standby | SessionAttrs::PreferStandby if !standby => {
            Some("a primary, where a standby is asked for")
        }
        SessionAttrs::Any
        | SessionAttrs::ReadWrite
        | SessionAttrs::ReadOnly
        | SessionAttrs::Primary
        | SessionAttrs::Standby
        | SessionAttrs::PreferStandby => None,
    })
}

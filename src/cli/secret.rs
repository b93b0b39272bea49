//! Where does the secret come from? From a file or the environment, never from the command line, which others can see.

use std::env::VarError;

use super::arguments::SecretFile;
use super::failure::Failure;
use super::load::{self, Loaded};
use crate::ident::shown;
use crate::server::Secret;

/// The environment variable that holds the secret itself.
const VARIABLE: &str = "EFFACE_SECRET";

/// The secret of a run; none where its plan makes no pseudonyms.
pub(super) fn secret(arguments: &SecretFile, loaded: &Loaded) -> Result<Option<Secret>, Failure> {
    if !loaded.plan.is_keyed() {
        return Ok(None);
    }
    let (text, place) = match &arguments.secret_file {
        Some(path) => (load::read(path)?, format!("`{}`", shown(&path.to_string_lossy()))),
        None => match std::env::var(VARIABLE) {
            Ok(text) => (text, VARIABLE.to_owned()),
            Err(VarError::NotPresent) => {
                let message = format!("policy `{}` makes pseudonyms, which a secret keys", shown(&loaded.policy.name));
                return Err(Failure::usage(message)
                    .help(format!("name its file with `--secret-file FILE`, or set {VARIABLE}"))
                    .help("`openssl rand -hex 32 > FILE` makes one; keep it, or equal values won't stay equal"));
            }
            Err(VarError::NotUnicode(_)) => return Err(Failure::usage(format!("{VARIABLE} is not UTF-8"))),
        },
    };
    let secret = Secret::new(&text).map_err(|error| {
        Failure::usage(format!("{place}: {error}"))
            .help("a secret is one line: `openssl rand -hex 32` makes a good one")
    })?;
    Ok(Some(secret))
}

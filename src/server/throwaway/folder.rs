//! Where may a server's folder stand?
//!
//! A socket's path has room for some 100 bytes, and when the server's user isn't ourselves, it must be able to reach the
//! folder and to remove it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::account::Account;
use super::{ThrowawayError, tried};

/// The longest folder whose socket (`/.s.PGSQL.65535`) every system takes: macOS allows 103 bytes in all.
const LONGEST: usize = 85;

/// Makes a folder for a server of this account.
pub(super) fn make(account: &Account) -> Result<TempDir, ThrowawayError> {
    let wanted = std::env::temp_dir();
    // "efface-" and six characters.
    let fits = wanted.as_os_str().len() + 14 <= LONGEST;
    let parent = if fits && (!account.is_borrowed() || is_open(&wanted)) { wanted } else { PathBuf::from("/tmp") };
    let folder = tempfile::Builder::new()
        .prefix("efface-")
        .tempdir_in(&parent)
        .map_err(tried(format!("making a folder in {}", parent.display())))?;
    account.own(folder.path())?;
    Ok(folder)
}

/// Whether everyone can make, reach and remove things of their own in a folder, as in /tmp.
fn is_open(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|data| data.mode() & 0o003 == 0o003)
        && folder.ancestors().all(|above| above.metadata().is_ok_and(|data| data.mode() & 0o001 != 0))
}

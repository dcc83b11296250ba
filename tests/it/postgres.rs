//! Handlers that await a database: PostgreSQL, started here without privileges, in a folder that goes with the test. On a
//! machine without it the test says that it skips (`.ci/run` installs it where it can).

use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio_postgres::{Client, Config, NoTls};

use crate::support::*;
use zactor::prelude::*;

/// A server that only this test reaches: through a socket in its folder.
struct Server {
    folder: PathBuf,
    process: Child,
}

/// Where Debian, or the search path, has the server's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = debian.chain(std::env::split_paths(&path)).collect();
    all.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

/// The server refuses to run as root: then it runs as its own user, or as nobody.
fn unprivileged() -> Option<u32> {
    let id = |words: &[&str]| -> Option<u32> {
        let said = Command::new("id").args(words).output().ok().filter(|out| out.status.success());
        String::from_utf8(said?.stdout).ok()?.trim().parse().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| id(&["-u", "postgres"]).unwrap_or(65_534))
}

impl Server {
    /// `None`: there is none on this machine.
    fn start() -> Option<Self> {
        let bin = programs()?;
        let folder = std::env::temp_dir().join(format!("zactor-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let user = unprivileged();
        if user.is_some() {
            chown(&folder, user, user).unwrap();
        }
        let as_user = |program: &str| {
            let mut command = Command::new(bin.join(program));
            if let Some(user) = user {
                command.uid(user).gid(user);
            }
            command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null());
            command.stderr(Stdio::null());
            command
        };
        let data = folder.join("data");
        let made = as_user("initdb")
            .args(["--username=zactor", "--auth=trust", "--no-sync", "--encoding=UTF8"])
            .args(["--no-locale", "-D"])
            .arg(&data)
            .status();
        assert!(made.unwrap().success(), "initdb in {}", folder.display());
        let process = as_user("postgres")
            .args(["-F", "-c", "listen_addresses=", "-c", "shared_buffers=1MB", "-k"])
            .arg(&folder)
            .arg("-D")
            .arg(&data)
            .spawn()
            .unwrap();
        let server = Server { folder, process };
        let socket = server.folder.join(".s.PGSQL.5432");
        eventually("the server listens", || socket.exists());
        Some(server)
    }

    fn config(folder: &Path) -> Config {
        let mut config = Config::new();
        config.host_path(folder).user("zactor").dbname("postgres");
        config
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once; its own processes go with it.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// An actor over a connection, which runs beside its mailbox.
#[actor]
struct Ledgers {
    folder: PathBuf,
    client: Option<Client>,
    answered: u32,
}

#[handlers]
impl Ledgers {
    async fn open(&mut self, ctx: &mut Context<Self>) -> Result<(), String> {
        // Its socket is there before it answers.
        let (client, connection) = loop {
            match Server::config(&self.folder).connect(NoTls).await {
                Ok(connected) => break connected,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        ctx.spawn_future(connection).then(|this, _, _| this.client = None);
        client
            .batch_execute("create table if not exists ledger (id int primary key, cents bigint)")
            .await
            .map_err(|error| error.to_string())?;
        self.client = Some(client);
        Ok(())
    }

    async fn put(&mut self, id: i32, cents: i64) -> Result<u64, String> {
        let client = self.client.as_ref().ok_or("not open")?;
        let put = "insert into ledger values ($1, $2) on conflict (id) do update set cents = ledger.cents + $2";
        let rows = client.execute(put, &[&id, &cents]).await.map_err(|error| error.to_string())?;
        self.answered += 1;
        Ok(rows)
    }

    async fn sum(&mut self) -> Result<i64, String> {
        let client = self.client.as_ref().ok_or("not open")?;
        let sum = "select coalesce(sum(cents), 0)::bigint from ledger";
        let row = client.query_one(sum, &[]).await.map_err(|error| error.to_string())?;
        self.answered += 1;
        Ok(row.get(0))
    }

    async fn sleep(&mut self, seconds: f64) -> Result<(), String> {
        let client = self.client.as_ref().ok_or("not open")?;
        client.query_one("select pg_sleep($1)", &[&seconds]).await.map_err(|e| e.to_string())?;
        Ok(())
    }

    fn answered(&self) -> u32 {
        self.answered
    }
}

#[test]
fn a_handler_awaits_queries_of_postgresql() {
    let Some(server) = Server::start() else {
        // Past the harness, which keeps what a test that passes prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: PostgreSQL is not installed (Debian: postgresql)"
        );
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
    let builder = ActorSystem::builder("test").workers(2).config(quiet());
    let system = builder.tokio(runtime.handle().clone()).start().unwrap();
    let actors: Vec<_> = (0..4)
        .map(|_| Ledgers { folder: server.folder.clone(), client: None, answered: 0 })
        .map(|ledgers| system.spawn(ledgers).unwrap())
        .collect();
    // One makes the table, then the others may look for it.
    for ledgers in &actors {
        ledgers.open().timeout(PATIENCE).wait().unwrap().unwrap();
    }
    let rounds = 25;
    let puts: Vec<_> = (0..rounds)
        .flat_map(|n| actors.iter().map(move |ledgers| ledgers.put(n, 100).timeout(PATIENCE)))
        .collect();
    for put in puts {
        assert_eq!(put.wait().unwrap().unwrap(), 1);
    }
    let sum = actors[0].sum().timeout(PATIENCE).wait().unwrap().unwrap();
    assert_eq!(sum, i64::from(rounds) * 4 * 100);
    assert_eq!(actors[1].answered().wait().unwrap(), rounds.unsigned_abs());

    // Dropped in the middle of a query: the actor and its connection go, the others work on.
    let sleeping = actors[3].sleep(60.0).timeout(PATIENCE);
    let state = || system.inspect(actors[3].id()).unwrap().state;
    eventually("the query runs", || state() == zactor::ActorState::Suspended);
    actors[3].kill().wait().unwrap();
    assert!(matches!(sleeping.wait(), Err(AskError::Closed)));
    assert_eq!(actors[0].sum().timeout(PATIENCE).wait().unwrap().unwrap(), sum);
    finish(&system);
}

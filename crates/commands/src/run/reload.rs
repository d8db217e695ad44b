//! Serving a program that is being written: build, start, watch, and again.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nuages_protocol::server::Server;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::build::{Built, build};
use super::failure::FailurePage;
use super::sources::state;
use crate::{Error, Op, Result};

/// How often the files are looked at. Django looks every second.
const LOOK: Duration = Duration::from_millis(300);

/// How long a program may take to finish what it is answering, before it is ended.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the project in the current folder while it is being written: the development server.
///
/// It listens itself and hands the socket to the program as `fd:0`, so no request is refused while the program is built or started: it
/// waits, and the new program answers it. Where the program does not build, or ends, a page says why, and goes away by
/// itself when a change has mended it. It builds by `cargo build`, and starts the program with the arguments `run --no-reload fd:0` and
/// `BIND=fd:0`.
///
/// Not for production: it restarts at every change.
#[derive(Clone, Debug)]
pub struct Reload {
    address: String,
    project: PathBuf,
}

/// Why a wait ended.
enum Event {
    /// Files have changed; their state now.
    Changed(u64),
    /// Ctrl-C, or SIGTERM.
    Interrupted,
}

impl Reload {
    /// Listens on this address, such as `127.0.0.1:8000`, for the project in the current folder.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            project: PathBuf::from("."),
        }
    }

    /// Serves the project in another folder.
    #[must_use]
    pub fn project(mut self, folder: impl Into<PathBuf>) -> Self {
        self.project = folder.into();
        self
    }

    /// Serves until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    ///
    /// Where the address can't be listened on, or cargo can't be run. A program that does not build is no error: its page says so.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the program at once and closes the socket.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until it was interrupted.
    pub fn run<'a>(&self, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        let Self { address, project } = self.clone();
        Op::new("Reload::run", async move {
            let listener = TcpListener::bind(&address).map_err(|error| {
                Error::other(format!(
                    "can't listen on {address}: {error}; name another address: run 127.0.0.1:8001"
                ))
            })?;
            let bound = listener.local_addr().map_err(Error::other)?;
            writeln!(
                output,
                "http://{bound} · built and started anew when a file changes, Ctrl-C to stop"
            )
            .map_err(Error::output)?;
            let mut seen = look(&project).await?;
            loop {
                let event = turn(&listener, &project, seen).await?;
                match event {
                    Event::Changed(now) => seen = now,
                    Event::Interrupted => return Ok(()),
                }
            }
        })
    }
}

/// One build, and what comes of it until a file changes.
async fn turn(listener: &TcpListener, project: &Path, seen: u64) -> Result<Event> {
    let folder = project.to_owned();
    let built = tokio::select! {
        built = parallel(move || build(&folder)) => built??,
        () = interrupted() => return Ok(Event::Interrupted),
    };
    let program = match built {
        Built::Program(program) => program,
        Built::Failed(parts) => {
            return failure(
                listener,
                project,
                seen,
                FailurePage::new("The program does not build", parts),
            )
            .await;
        }
    };
    let mut child = start(listener, &program)?;
    tokio::select! {
        event = event(project, seen) => {
            stop(child).await;
            event
        }
        status = child.wait() => {
            let status = status.map_err(Error::other)?;
            let said = format!("{} ended with {status}.\nWhat it said stands in the terminal.", program.display());
            failure(listener, project, seen, FailurePage::new("The program has ended", vec![said])).await
        }
    }
}

/// The socket is the program's standard input: the way of inetd, and the one that needs no unsafe code.
fn start(listener: &TcpListener, program: &Path) -> Result<Child> {
    let socket = listener.try_clone().map_err(Error::other)?;
    Command::new(program)
        .args(["run", "--no-reload", "fd:0"])
        .env("BIND", "fd:0")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)))
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::program(&program.display().to_string(), error))
}

/// Asks a program to finish, and ends it when its time is up.
async fn stop(mut child: Child) {
    let asked = child
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
        .is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
    if !asked || tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        // It may have ended just now: then there is nothing left to end.
        let _ = child.kill().await;
    }
}

/// Answers with the page until a file changes.
async fn failure(listener: &TcpListener, project: &Path, seen: u64, page: FailurePage) -> Result<Event> {
    let socket = listener.try_clone().map_err(Error::other)?;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = Server::from_std(socket)
        .map_err(Error::other)?
        .without_signals()
        .with_graceful_shutdown(async {
            // Asked, or the sender is gone: it ends either way.
            let _ = ended.await;
        });
    let serve = server.serve(page);
    let wait = async {
        let event = event(project, seen).await;
        drop(end);
        event
    };
    let (served, event) = tokio::join!(serve, wait);
    served.map_err(Error::other)?;
    event
}

async fn event(project: &Path, seen: u64) -> Result<Event> {
    tokio::select! {
        now = changed(project, seen) => Ok(Event::Changed(now?)),
        () = interrupted() => Ok(Event::Interrupted),
    }
}

/// Waits until the files are not as they were seen, and at rest.
async fn changed(project: &Path, seen: u64) -> Result<u64> {
    loop {
        tokio::time::sleep(LOOK).await;
        let mut now = look(project).await?;
        if now == seen {
            continue;
        }
        loop {
            // An editor writes several files, one after the other.
            tokio::time::sleep(LOOK / 3).await;
            let next = look(project).await?;
            if next == now {
                return Ok(now);
            }
            now = next;
        }
    }
}

async fn look(project: &Path) -> Result<u64> {
    let project = project.to_owned();
    parallel(move || state(&project)).await
}

/// On a thread for blocking work.
async fn parallel<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(nuages_bridge::sync_to_async(work).parallel().await?)
}

async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

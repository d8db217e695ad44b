//! A blocking connection, and the thread that runs it for async callers.
//!
//! The connection is a value with one owner. For an async caller it moves to its thread together with the whole statement, and comes back with the rows
//! decoded: one message each way, whatever the number of rows. A sync caller blocks anyway, so its statement runs where it is.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use super::connection::{Call, Counting, Keep, Want};
use super::{BlockingConnection, BlockingDriver};
use crate::{Error, Result};

type Job = Box<dyn FnOnce() + Send>;

/// The owner of a blocking connection.
pub(super) struct Worker {
    /// Away while its thread runs a statement, and for good if nobody waited for that.
    connection: Option<Box<dyn BlockingConnection>>,
    interrupt: Option<Arc<dyn Fn() + Send + Sync>>,
    /// Started by the first async caller, ended by the drop of the sender.
    thread: Option<mpsc::Sender<Job>>,
}

impl Worker {
    pub(super) async fn connect(driver: Arc<dyn BlockingDriver>) -> Result<Self> {
        if nuages_bridge::may_block() {
            return Ok(Self::new(driver.connect()?, None));
        }
        let sender = start_thread()?;
        let (connection, sender) = on(sender, move || driver.connect()).await?;
        Ok(Self::new(connection?, Some(sender)))
    }

    fn new(connection: Box<dyn BlockingConnection>, thread: Option<mpsc::Sender<Job>>) -> Self {
        Self {
            interrupt: connection.interrupt(),
            connection: Some(connection),
            thread,
        }
    }

    pub(super) async fn call(&mut self, call: &mut Call, keep: &Keep) -> Result<u64> {
        let Some(mut connection) = self.connection.take() else {
            return Err(Error::connection("the connection's thread has gone"));
        };
        if nuages_bridge::may_block() {
            let answer = run(&mut *connection, call);
            self.connection = Some(connection);
            return answer;
        }
        let sender = match self.thread.take() {
            Some(sender) => sender,
            None => start_thread()?,
        };
        let keep = Arc::clone(keep);
        let mut stop = StopIfDropped(self.interrupt.clone());
        let mut sent = std::mem::take(call);
        let job = move || {
            let answer = run(&mut *connection, &mut sent);
            // In this order: if the caller has gone, the connection closes before the turn to write is passed on.
            (connection, answer, sent, keep)
        };
        let ((connection, answer, sent, _keep), sender) = on(sender, job).await?;
        stop.0 = None;
        *call = sent;
        self.connection = Some(connection);
        self.thread = Some(sender);
        answer
    }

    /// Closes the connection, on its thread if it has one: the last connection of a database tidies up its files.
    pub(super) async fn close(mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        match self.thread.take() {
            Some(sender) if !nuages_bridge::may_block() => {
                let _closed = on(sender, move || drop(connection)).await;
            }
            _ => drop(connection),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let (Some(connection), Some(sender)) = (self.connection.take(), self.thread.take()) {
            // Where the thread has gone, the job comes back in the error, and the connection closes here.
            let _closed = sender.send(Box::new(move || drop(connection)));
        }
    }
}

/// Interrupts the statement of a caller that has gone.
struct StopIfDropped(Option<Arc<dyn Fn() + Send + Sync>>);

impl Drop for StopIfDropped {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0.take() {
            interrupt();
        }
    }
}

fn run(connection: &mut dyn BlockingConnection, call: &mut Call) -> Result<u64> {
    match &mut call.want {
        Want::Rows(sink) => {
            let mut sink = Counting::new(&mut **sink);
            connection.fetch(&call.sql, &call.values, &mut sink)?;
            Ok(sink.rows)
        }
        Want::Count => connection.execute(&call.sql, &call.values),
        Want::Done => connection.batch(&call.sql).map(|()| 0),
    }
}

fn start_thread() -> Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name("nuages-connection".to_owned())
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        .map_err(Error::connection)?;
    Ok(sender)
}

/// Runs a job on a connection's thread. A panic crosses back; what the job owned is gone then.
async fn on<T: Send + 'static>(
    sender: mpsc::Sender<Job>,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<(T, mpsc::Sender<Job>)> {
    let (done, result) = oneshot::channel();
    let job = Box::new(move || {
        // If nobody waits any more, what comes back is dropped here, on the connection's thread.
        let _ = done.send(catch_unwind(AssertUnwindSafe(job)));
    });
    if sender.send(job).is_err() {
        return Err(Error::connection("the connection's thread has gone"));
    }
    match result.await {
        Ok(Ok(value)) => Ok((value, sender)),
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Err(Error::connection("the connection's thread has gone")),
    }
}

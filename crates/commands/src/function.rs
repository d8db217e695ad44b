//! A command from a function, with its arguments as a type.

use std::future::Future;
use std::io::Write;
use std::marker::PhantomData;

use clap::{ArgMatches, Args};

use crate::{Command, Error, Op};

/// What a function of a [command](crate::Commands::function) may be: sync or async, with or without arguments.
///
/// `M` tells the kinds apart; it is found by itself.
pub trait IntoWork<A, M>: Send + Sync + 'static {
    /// Does the work.
    fn work(&self, arguments: A) -> Op<'static, ()>;
}

/// How the result of a function is taken: `()`, or a `Result` with any error.
pub trait IntoEnd {
    /// Whether it went well.
    ///
    /// # Errors
    ///
    /// The function's.
    fn into_end(self) -> crate::Result<()>;
}

impl IntoEnd for () {
    fn into_end(self) -> crate::Result<()> {
        Ok(())
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> IntoEnd for Result<(), E> {
    fn into_end(self) -> crate::Result<()> {
        self.map_err(Error::other)
    }
}

/// Marks a sync function.
#[derive(Debug)]
pub struct SyncWork;

/// Marks an async function.
#[derive(Debug)]
pub struct AsyncWork;

impl<A, F, T> IntoWork<A, (SyncWork, T)> for F
where
    A: Send + 'static,
    F: Fn(A) -> T + Clone + Send + Sync + 'static,
    T: IntoEnd + Send + 'static,
{
    fn work(&self, arguments: A) -> Op<'static, ()> {
        let function = self.clone();
        Op::new("command", async move {
            nuages_bridge::sync_to_async(move || function(arguments))
                .await?
                .into_end()
        })
    }
}

impl<A, F, R> IntoWork<A, (AsyncWork, R)> for F
where
    A: Send + 'static,
    F: Fn(A) -> R + Clone + Send + Sync + 'static,
    R: Future + Send + 'static,
    R::Output: IntoEnd + Send,
{
    fn work(&self, arguments: A) -> Op<'static, ()> {
        let function = self.clone();
        Op::new("command", async move { function(arguments).await.into_end() })
    }
}

pub(crate) struct Function<A, F, M> {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) function: F,
    pub(crate) kinds: PhantomData<fn(A) -> M>,
}

impl<A, F, M> Command for Function<A, F, M>
where
    A: Args + Send + 'static,
    F: IntoWork<A, M>,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        A::augment_args(command.about(self.about))
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, _output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        match A::from_arg_matches(arguments) {
            Ok(arguments) => self.function.work(arguments),
            Err(mistake) => Op::ready(self.name, Err(Error::usage(mistake.to_string()))),
        }
    }
}

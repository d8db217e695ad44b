//! The two ends of an application's life.

use super::{
    error::{Error, Kind},
    shutdown::Stop,
};
use crate::Application;

/// Whether the application is up, or the server was asked to stop before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Started {
    Yes,
    No,
}

pub(super) async fn startup<A: Application>(app: &A, stop: &mut Stop) -> Result<Started, Error> {
    tokio::select! {
        biased;
        result = app.startup() => match result {
            Ok(()) => Ok(Started::Yes),
            Err(error) => Err(Kind::Startup(error).into()),
        },
        () = stop.requested() => Ok(Started::No),
    }
}

pub(super) async fn shutdown<A: Application>(app: &A, stop: &mut Stop) -> Result<(), Error> {
    tokio::select! {
        result = app.shutdown() => result.map_err(|error| Kind::Shutdown(error).into()),
        error = stop.forced() => Err(error),
    }
}

//! The two ends of an application's life.

use super::{
    Shared,
    error::{Error, Kind},
    shutdown::Stop,
};
use crate::{Application, State};

/// Whether the application is up, or the server was asked to stop before.
#[derive(Clone, Debug)]
pub(super) enum Started {
    Yes(State),
    No,
}

pub(super) async fn startup<A: Application>(shared: &Shared<A>, stop: &mut Stop) -> Result<Started, Error> {
    if !shared.limits.lifespan {
        return Ok(Started::Yes(State::new()));
    }
    tokio::select! {
        biased;
        result = shared.app.startup() => match result {
            Ok(state) => Ok(Started::Yes(state)),
            Err(error) => Err(Kind::Startup(error).into()),
        },
        () = stop.requested() => Ok(Started::No),
    }
}

pub(super) async fn shutdown<A: Application>(shared: &Shared<A>, stop: &mut Stop) -> Result<(), Error> {
    if !shared.limits.lifespan {
        return Ok(());
    }
    tokio::select! {
        result = shared.app.shutdown() => result.map_err(|error| Kind::Shutdown(error).into()),
        error = stop.forced() => Err(error),
    }
}

//! Applications without a server: for tests.
//!
//! [`http`](fn@http) calls an [`Application`](crate::Application) as a server would. [`ApplicationCommunicator`] speaks with an event application event by event.

mod call;
mod communicator;

pub use self::{
    call::http,
    communicator::{ApplicationCommunicator, CommunicatorError},
};

//! What almost every module of an application uses: `use nuages::prelude::*;`.

pub use nuages_bridge::{async_to_sync, sync_to_async};

#[cfg(feature = "phase2")]
pub use crate::Serve;
#[cfg(feature = "phase1")]
pub use crate::Settings;

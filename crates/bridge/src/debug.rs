//! Debug mode: what the bridge tells a developer and would be too much, or too dear, in production.

use std::sync::atomic::{AtomicU8, Ordering};

const UNKNOWN: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static MODE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Whether debug mode is on: as [`Config::debug`](crate::Config::debug) says or, where nobody has called that, the environment.
pub(crate) fn is_on() -> bool {
    match MODE.load(Ordering::Relaxed) {
        UNKNOWN => ask_environment(),
        mode => mode == ON,
    }
}

pub(crate) fn set(on: bool) {
    MODE.store(if on { ON } else { OFF }, Ordering::Relaxed);
}

/// Whether `NUAGES_DEBUG` is set, and neither empty nor `0`.
pub(crate) fn in_environment() -> bool {
    std::env::var_os("NUAGES_DEBUG").is_some_and(|value| !value.is_empty() && value != "0")
}

#[cold]
fn ask_environment() -> bool {
    let on = in_environment();
    // Not over what was set meanwhile.
    let mode = if on { ON } else { OFF };
    match MODE.compare_exchange(UNKNOWN, mode, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => on,
        Err(set) => set == ON,
    }
}

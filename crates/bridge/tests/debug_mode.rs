//! Debug mode follows the setting and the environment, not the build.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::sync::{Arc, Mutex};

use nuages_bridge::{Config, Context, Local, Op, spawn};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};

static TRANSACTION: Local<u8> = Local::new("transaction").not_inherited();

/// What the warnings are about: their operation, or their variable.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct About<'a>(&'a mut Vec<String>);

impl Visit for About<'_> {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if ["operation", "local"].contains(&field.name()) {
            self.0.push(value.to_owned());
        }
    }
}

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            event.record(&mut About(&mut self.0.lock().unwrap()));
        }
    }
}

/// Makes both mistakes, and tells of which there was a warning.
fn warned_of() -> Vec<String> {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(warnings.clone()));
    let op: Op<'_, ()> = Op::new("forgotten", async { Ok(()) });
    drop(op);
    let ran: Op<'_, ()> = Op::new("run", async { Ok(()) });
    ran.wait().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let in_transaction = async {
        TRANSACTION.set(1);
        spawn(async {}).await.unwrap();
    };
    runtime.block_on(Context::empty().scope(in_transaction));
    std::mem::take(&mut warnings.0.lock().unwrap())
}

/// Runs one test of this file in a process of its own.
fn in_another_process(test: &str, debug: Option<&str>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored"])
        .env_remove("NUAGES_DEBUG");
    if let Some(value) = debug {
        command.env("NUAGES_DEBUG", value);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
fn without_it_there_are_no_warnings() {
    in_another_process("silent", None);
    in_another_process("silent", Some(""));
    in_another_process("silent", Some("0"));
}

#[test]
fn the_environment_turns_it_on() {
    in_another_process("loud", Some("1"));
}

#[test]
fn the_setting_overrides_the_environment() {
    in_another_process("loud_by_setting", None);
    in_another_process("silent_by_setting", Some("1"));
}

#[test]
#[ignore = "the others run it with an environment"]
fn silent() {
    assert_eq!(warned_of(), [""; 0]);
}

#[test]
#[ignore = "the others run it with an environment"]
fn loud() {
    assert_eq!(warned_of(), ["forgotten", "transaction"]);
}

#[test]
#[ignore = "the others run it with an environment"]
fn loud_by_setting() {
    // What happened before does not make it too late.
    assert_eq!(warned_of(), [""; 0]);
    Config::new().debug(true).install().unwrap();
    assert_eq!(warned_of(), ["forgotten", "transaction"]);
}

#[test]
#[ignore = "the others run it with an environment"]
fn silent_by_setting() {
    Config::new().debug(false).install().unwrap();
    assert_eq!(warned_of(), [""; 0]);
}

//! Debug mode names what blocks an event loop.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nuages_bridge::{async_frame, report_slow_polls, spawn, sync_to_async};
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Level, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The warnings, each by its fields.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            let mut fields = Fields(BTreeMap::new());
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields.0);
        }
    }
}

impl Warnings {
    fn take(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The mistake itself: what this file is about.
async fn view_that_sleeps() {
    thread::sleep(Duration::from_millis(150));
}

/// All in one test: the limit is the process's.
#[test]
fn a_slow_poll_is_reported_with_name_place_span_and_duration_and_only_where_asked_for() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(warnings.clone()));
    let runtime = shapes::current_thread();

    report_slow_polls(None);
    runtime.block_on(async_frame(view_that_sleeps()));
    assert_eq!(warnings.take(), [], "free, and silent, when off");

    report_slow_polls(Some(Duration::from_millis(100)));
    let line = line!() + 2;
    runtime.block_on(async {
        let view = async_frame(view_that_sleeps());
        // The layers around it are as slow, but it is the one to blame.
        async_frame(view.instrument(info_span!("view")))
            .instrument(info_span!("request"))
            .await;
        sync_to_async(|| thread::sleep(Duration::from_millis(150)))
            .await
            .unwrap();
    });
    let reported = warnings.take();
    // The machine may be slow with others.
    let reported: Vec<_> = reported
        .into_iter()
        .filter(|report| report["name"].contains("view_that_sleeps"))
        .collect();
    assert_eq!(reported.len(), 1, "{reported:?}");
    let report = &reported[0];
    assert!(report["file"].ends_with("slow_polls.rs"), "{report:?}");
    assert_eq!(report["line"], line.to_string());
    assert_eq!(report["span"], "view");
    assert!(report["took_ms"].parse::<u64>().unwrap() >= 150, "{report:?}");
    assert!(report["message"].contains("sync_to_async"), "{report:?}");

    let line = runtime.block_on(async {
        let (line, task) = (line!(), spawn(view_that_sleeps()));
        task.await.unwrap();
        line
    });
    let reported = warnings.take();
    assert!(reported[0]["name"].contains("view_that_sleeps"), "{reported:?}");
    assert_eq!(reported[0]["line"], line.to_string());

    let named = async_frame(view_that_sleeps()).named("book-list", std::panic::Location::caller());
    runtime.block_on(named);
    assert_eq!(warnings.take()[0]["name"], "book-list");
}

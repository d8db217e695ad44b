//! Every hop is an event for who listens: what an APM needs, without patching anything.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nuages_bridge::{Op, async_to_sync, stats, sync_to_async};
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Default)]
struct Hops(Arc<Mutex<Vec<Fields>>>);

struct Record<'a>(&'a mut Fields);

impl Visit for Record<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hops {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "nuages_bridge::hop" {
            let mut fields = Fields::new();
            event.record(&mut Record(&mut fields));
            let span = context.event_span(event).map_or("", |span| span.name());
            fields.insert("span", span.to_owned());
            self.0.lock().unwrap().push(fields);
        }
    }
}

fn a_view() -> u8 {
    7
}

#[test]
fn a_hop_says_its_name_its_kind_its_place_its_span_and_its_times() {
    let hops = Hops::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(hops.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let line = line!() + 2;
    let request = async {
        sync_to_async(a_view).await.unwrap();
        sync_to_async(a_view).parallel().await.unwrap();
        let spawn = |work| drop(thread::spawn(work));
        sync_to_async(a_view).parallel().executor(spawn).await.unwrap();
    };
    runtime.block_on(request.instrument(info_span!("request")));
    let seen = std::mem::take(&mut *hops.0.lock().unwrap());
    let kinds: Vec<_> = seen.iter().map(|hop| hop["kind"].as_str()).collect();
    assert_eq!(kinds, ["sticky", "parallel", "executor"]);
    for hop in &seen {
        assert!(hop["name"].ends_with("hop_events::a_view"), "{hop:?}");
        assert_eq!(hop["span"], "request");
        assert_eq!(hop["panicked"], "false");
        assert!(hop.contains_key("queue") && hop.contains_key("run"), "{hop:?}");
    }
    assert!(
        seen[0]["job"].contains(&format!("hop_events.rs:{line}:")),
        "{:?}",
        seen[0]
    );

    let op: Op<'_, ()> = Op::new("save", async { Ok(()) });
    op.wait().unwrap();
    async_to_sync(async {}).unwrap();
    let seen = std::mem::take(&mut *hops.0.lock().unwrap());
    let names: Vec<_> = seen
        .iter()
        .map(|hop| (hop["kind"].as_str(), hop["name"].as_str()))
        .collect();
    assert_eq!(names, [("wait", "save"), ("wait", "async_to_sync")]);
}

#[test]
fn a_panic_shows_in_the_event() {
    let hops = Hops::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(hops.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(async { sync_to_async(|| panic!("on purpose")).await })
    }));
    assert!(caught.is_err());
    assert_eq!(hops.0.lock().unwrap()[0]["panicked"], "true");
}

#[test]
fn a_subscriber_that_panics_does_not_lose_the_caller() {
    struct Panics;
    impl<S: Subscriber> Layer<S> for Panics {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            assert!(
                event.metadata().target() != "nuages_bridge::hop",
                "a subscriber's mistake"
            );
        }
    }
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(Panics));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(async { sync_to_async(a_view).await })
    }));
    assert!(caught.is_err(), "its panic crosses, as one of the code would");
}

#[test]
fn times_are_told_as_percentiles() {
    let before = stats();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for _ in 0..20 {
            sync_to_async(|| ()).await.unwrap();
        }
        sync_to_async(|| thread::sleep(Duration::from_millis(40)))
            .await
            .unwrap();
    });
    let after = stats();
    let run = after.run_times.since(&before.run_times);
    assert!(run.count() >= 21, "others may run at the same time");
    assert!(run.percentile(1.0) >= Duration::from_millis(40), "{run:?}");
    assert!(run.percentile(0.0) < Duration::from_millis(40) && run.percentile(0.0) > Duration::ZERO);
    assert!(run.percentile(0.5) <= run.percentile(0.99));
    let queue = after.queue_times.since(&before.queue_times);
    assert!(queue.count() >= 21);
    assert_eq!(nuages_bridge::Times::default().percentile(0.5), Duration::ZERO);
}

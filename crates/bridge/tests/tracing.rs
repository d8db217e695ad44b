//! Spans follow the work onto the threads that run its sync code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::{Arc, Mutex};

use nuages_bridge::{async_to_sync, sync_to_async};
use shapes::on_every_runtime;
use tracing::{Event, Instrument, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Writes down, for each event, the spans around it.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target().starts_with("nuages_bridge::") {
            return;
        }
        let spans = context.event_scope(event).into_iter().flatten();
        let names: Vec<_> = spans.map(|span| span.name()).collect();
        self.0.lock().unwrap().push(names.join(" in "));
    }
}

#[test]
fn a_span_is_entered_on_both_sides_of_a_hop() {
    on_every_runtime(|| async {
        let spans = Spans::default();
        // Set for this thread only: that the other thread's events arrive shows that the dispatcher went along too.
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
        let request = async {
            let sync = || {
                info!("in sync code");
                async_to_sync(async { info!("in async code below") }).unwrap();
            };
            sync_to_async(sync).await.unwrap();
            sync_to_async(sync).parallel().await.unwrap();
        };
        request.instrument(info_span!("request")).await;
        info!("outside");
        assert_eq!(
            *spans.0.lock().unwrap(),
            ["request", "request", "request", "request", ""]
        );
    });
}

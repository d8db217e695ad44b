//! A thread-local that one sync section of a request writes is there in the next, and in no other request at work.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Barrier, LazyLock};

use breakage::runtimes;
use nuages_bridge::{ScopeLocal, sync_to_async};
use nuages_handler::{App, Client, Next, Path, Request, Response, Result, Urls};

thread_local! {
    static LANGUAGE: Cell<u32> = const { Cell::new(0) };
}

/// Not `Send`, as the handle of a C library often is.
static SESSION: ScopeLocal<Rc<RefCell<Vec<u32>>>> = ScopeLocal::new("session", Rc::default);

const REQUESTS: u32 = 8;
static MEET: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(REQUESTS as usize));

/// The first sync section.
fn sync_layer(request: Request, next: Next) -> Result<Response> {
    let id = request.param("id").unwrap_or_default().parse()?;
    LANGUAGE.set(id);
    SESSION.with(|session| session.borrow_mut().push(id))?;
    next.run(request).wait()
}

/// The second one, below an async view. All requests are in it at once.
async fn view(Path(id): Path<u32>) -> Result<String> {
    let session = sync_to_async(move || {
        MEET.wait();
        assert_eq!(LANGUAGE.get(), id);
        SESSION.with(|session| session.borrow().clone())
    });
    Ok(format!("{:?}", session.await??))
}

#[test]
fn sticky_thread() {
    for runtime in runtimes() {
        let app = App::new()
            .middleware(sync_layer)
            .urls(Urls::new().path("<int:id>/", view));
        let client = Client::new(app);
        runtime.block_on(async {
            for round in 0..2 {
                let requests: Vec<_> = (0..REQUESTS)
                    .map(|id| {
                        let client = client.clone();
                        tokio::spawn(
                            async move { client.get(format!("/{}/", 10 * round + id)).await.unwrap() },
                        )
                    })
                    .collect();
                for (id, request) in (0..).zip(requests) {
                    // The scope's storage holds this request's own, also in the second round, on used threads.
                    assert_eq!(request.await.unwrap().text(), format!("[{}]", 10 * round + id));
                }
            }
        });
    }
}

//! What Rust's types promise and refuse: the rows of asgiref's tests that can't be written here at all.

use std::pin::Pin;
use std::rc::Rc;

use nuages_bridge::{
    AsyncFrame, BridgeError, Context, ContextScope, Deadline, Local, LocalScope, Op, OpFuture, ScopeLocal,
    Shield, SyncScope, SyncScopeFuture, SyncToAsync,
};

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}

type NotSend = Rc<()>;
type Pinned = std::marker::PhantomPinned;
type SendFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

#[test]
fn what_can_move_between_threads_and_be_shared_stays_so() {
    send::<Op<'static, ()>>();
    send::<OpFuture<'static, (), BridgeError>>();
    unpin::<OpFuture<'static, Pinned, BridgeError>>();
    send::<SyncToAsync<fn()>>();
    send::<<SyncToAsync<fn()> as IntoFuture>::IntoFuture>();
    unpin::<<SyncToAsync<fn()> as IntoFuture>::IntoFuture>();
    send::<AsyncFrame<SendFuture>>();
    send::<ContextScope<SendFuture>>();
    send::<LocalScope<SendFuture>>();
    send::<SyncScopeFuture<SendFuture>>();
    send::<Shield<()>>();
    unpin::<Shield<Pinned>>();
    send::<SyncScope>();
    send::<Context>();
    sync::<Context>();
    send::<Deadline>();
    sync::<Local<String>>();
    sync::<ScopeLocal<NotSend>>();
    send::<BridgeError>();
    sync::<BridgeError>();
}

/// The messages are rustc's, so they are compared under the toolchain that the repository pins.
#[test]
fn what_is_refused_at_compile_time_says_why() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

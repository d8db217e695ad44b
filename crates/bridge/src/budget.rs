//! Whether tokio polls a task on this thread at this moment.
//!
//! A runtime's handle is current in three more places where blocking is fine: in `spawn_blocking`, on a thread that entered a runtime, and after
//! `Runtime::enter`. What tells them apart without a panic is the cooperative budget, which only a polled task has: a task can spend it up,
//! all others proceed without end. tokio doesn't say how much of it there is, so it has to be found out, and given back.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::task::LocalSet;
use tokio::task::coop::{RestoreOnPending, has_budget_remaining, poll_proceed, unconstrained};

/// Above tokio's budget of 128 calls a poll, with the first one.
const MORE_THAN_A_BUDGET: usize = 128;

/// The memory of a budget of one: dropped, it makes that the thread's.
type One = ManuallyDrop<RestoreOnPending>;

thread_local! {
    /// Not dropped with the thread, whose budget is nobody's business then. In a model, too, this is the real thread's: the budget is.
    static ONE: Cell<Option<One>> = const { Cell::new(None) };
}

/// Whether tokio polls a task on this thread.
pub(crate) fn is_limited() -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(original) = poll_proceed(&mut cx) else {
        return true;
    };
    let limited = match ONE.take().or_else(one) {
        Some(one) => limited_beside(one, &mut cx),
        None => can_be_spent(&mut cx),
    };
    drop(original);
    limited
}

/// Spends all there is.
fn can_be_spent(cx: &mut Context<'_>) -> bool {
    (0..MORE_THAN_A_BUDGET).any(|_| match poll_proceed(cx) {
        Poll::Ready(spent) => {
            spent.made_progress();
            false
        }
        Poll::Pending => true,
    })
}

/// Finds out in one step: what [`poll_proceed`] returns puts the budget back that there was, but only if there was one. So where nothing is left of another,
/// putting it back shows whether it was one.
fn limited_beside(one: One, cx: &mut Context<'_>) -> bool {
    let Poll::Ready(present) = poll_proceed(cx) else {
        ONE.set(Some(one));
        return true;
    };
    let mut present = Some(present);
    let mut one = Some(one);
    // Its end puts back whatever there was.
    let other = pin!(unconstrained(poll_fn(|cx| {
        drop(one.take().map(ManuallyDrop::into_inner));
        let Poll::Ready(again) = poll_proceed(cx) else {
            return Poll::Ready(true);
        };
        ONE.set(Some(ManuallyDrop::new(again)));
        drop(present.take());
        Poll::Ready(has_budget_remaining())
    })));
    matches!(other.poll(cx), Poll::Ready(true))
}

/// Made once a thread, in a task that is nobody else's.
#[cold]
fn one() -> Option<One> {
    let local = LocalSet::new();
    local.spawn_local(async {
        let mut last = None;
        for _ in 0..=MORE_THAN_A_BUDGET {
            let next = poll_fn(|cx| Poll::Ready(poll_proceed(cx))).await;
            let Poll::Ready(next) = next else {
                // What came last remembers the last one that there was.
                ONE.set(last);
                return;
            };
            if let Some(spent) = last.replace(ManuallyDrop::new(next)) {
                ManuallyDrop::into_inner(spent).made_progress();
            }
        }
    });
    let _ = pin!(local).poll(&mut Context::from_waker(Waker::noop()));
    ONE.take()
}

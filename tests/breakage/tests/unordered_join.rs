//! The talk's `wait({create_user(), send_mail()})`: joined work has no order, work that is awaited one after the other has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use breakage::in_every_shape;
use nuages_bridge::{Op, async_to_sync, sync_to_async};

static DONE: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn done(what: &'static str) {
    DONE.lock().unwrap().push(what);
}

/// Takes a round trip to the database.
fn create_user() -> Op<'static, ()> {
    Op::new("create_user", async {
        tokio::task::yield_now().await;
        done("user");
        Ok(())
    })
}

/// Writes to the user, who had better be there.
fn send_mail() -> Op<'static, ()> {
    Op::new("send_mail", async {
        done("mail");
        Ok(())
    })
}

fn take() -> Vec<&'static str> {
    std::mem::take(&mut DONE.lock().unwrap())
}

#[test]
fn unordered_join() {
    in_every_shape(|| async {
        let (user, mail) = tokio::join!(create_user(), send_mail());
        user.and(mail).unwrap();
        assert_eq!(take(), ["mail", "user"], "joined, the mail went to nobody");

        create_user().await.unwrap();
        send_mail().await.unwrap();
        assert_eq!(take(), ["user", "mail"], "awaited one after the other");

        // Sync code has an order by itself, on whatever thread.
        let in_order = || create_user().wait().and_then(|()| send_mail().wait());
        sync_to_async(in_order).await.unwrap().unwrap();
        assert_eq!(take(), ["user", "mail"]);
    });
    // What has an order inside can still be joined with what needs none.
    async_to_sync(async {
        let ordered = async {
            create_user().await?;
            send_mail().await
        };
        let (ordered, other) = tokio::join!(ordered, Op::new("other", async { Ok(()) }));
        ordered.and(other).unwrap();
    })
    .unwrap();
    assert_eq!(take(), ["user", "mail"]);
}

//! What each route costs, as planned and as counted.

use nuages::bridge::{Hops, count_hops};

use crate::databases::on_each_database;

#[nuages::test]
async fn the_plan_tells_the_hops_that_requests_make() {
    on_each_database("plan", async |shop| {
        let plan = shop.handler.plan().clone();
        // All async; all sync below the log; sync middleware and sync view.
        for (name, path, hops) in [
            ("book-list", "/books/", 0),
            ("author-list", "/authors/", 1),
            ("order-list", "/orders/", 1),
        ] {
            assert_eq!(plan.route(name).hops(), hops, "{plan}");
            let visitor = shop.visitor();
            let (response, Hops { to_thread, .. }) =
                count_hops(async { visitor.get(path).await.unwrap() }).await;
            assert_eq!(response.status().as_u16(), 200);
            assert_eq!(to_thread, hops as u64, "{path}");
        }
    })
    .await;
}

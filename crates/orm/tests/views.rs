//! The ORM in views: each request finds its database, a missing object is a 404, and an error of any kind rolls back.

#![cfg(all(feature = "sqlite", feature = "views"))]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use nuages_bridge::sync_to_async;
use nuages_handler::{App, Client, Error, Path, Result, Urls};
use nuages_orm::create_tables;
use nuages_orm::prelude::*;
use nuages_orm::views::{AtomicView as _, atomic, get_object_or_404};

#[model]
struct Author {
    id: i64,
    name: String,
}

#[model]
struct Book {
    id: i64,
    title: String,
    stock: i32,
    #[relation(on_delete = Protect)]
    author: ForeignKey<Author>,
}

/// A template's struct.
struct Detail {
    book: With<Book, book::author>,
}

impl Detail {
    fn render(&self) -> String {
        format!("{} by {}", self.book.title, self.book.author.name)
    }
}

async fn detail(Path(id): Path<i64>) -> Result<String> {
    let book = get_object_or_404(Book::objects().select_related(|b| b.author), |b| b.id.eq(id)).await?;
    Ok(Detail { book }.render())
}

fn detail_sync(Path(id): Path<i64>) -> Result<String> {
    let book = get_object_or_404(Book::objects().select_related(|b| b.author), |b| b.id.eq(id)).wait()?;
    Ok(Detail { book }.render())
}

async fn any() -> Result<String> {
    Ok(get_object_or_404(Book::objects(), |b| b.stock.ge(0)).await?.title)
}

/// The legacy function: sync code with the sync ORM in it, and an error of its own.
fn invoice(id: i64, works: bool) -> Result<(), std::num::ParseIntError> {
    let sold = Book::objects()
        .filter(|b| b.id.eq(id))
        .update(|b| b.title.set("sold"))
        .wait();
    assert_eq!(sold.unwrap(), 1);
    if works {
        Ok(())
    } else {
        "no number".parse::<i32>().map(drop)
    }
}

async fn checkout(Path((id, works)): Path<(i64, i64)>) -> Result<&'static str> {
    atomic(async move || {
        Book::objects()
            .filter(|b| b.id.eq(id))
            .update(|b| b.stock.set(b.stock - 1))
            .await?;
        sync_to_async(move || invoice(id, works == 1)).await??;
        Ok("thank you")
    })
    .await
}

fn client(database: &Database) -> Client {
    let urls = Urls::new()
        .path("<int:id>/", detail)
        .path("sync/<int:id>/", detail_sync)
        .path("any/", any)
        .path("checkout/<int:id>/<int:works>/", checkout);
    Client::new(App::new().urls(urls).hook(database.clone()).build().unwrap()).raise_exceptions(false)
}

/// A shop with two books, which is nobody's default.
fn shop() -> Database {
    let db = Database::connect("sqlite::memory:").wait().unwrap();
    create_tables(&db, &[Author::meta(), Book::meta()])
        .wait()
        .unwrap();
    let django = Author::create()
        .name("Django Reinhardt")
        .using(&db)
        .wait()
        .unwrap();
    for title in ["Nuages", "Belleville"] {
        Book::create()
            .title(title)
            .stock(3)
            .author(&django)
            .using(&db)
            .wait()
            .unwrap();
    }
    db
}

#[test]
fn a_view_finds_the_database_of_its_request() {
    let (first, second) = (shop(), shop());
    Book::objects()
        .using(&second)
        .update(|b| b.title.set("Elsewhere"))
        .wait()
        .unwrap();
    for path in ["/1/", "/sync/1/"] {
        assert_eq!(
            client(&first).get(path).wait().unwrap().text(),
            "Nuages by Django Reinhardt"
        );
        assert_eq!(
            client(&second).get(path).wait().unwrap().text(),
            "Elsewhere by Django Reinhardt"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_finds_the_database_of_its_request_awaited() {
    let client = client(&sync_to_async(shop).await.unwrap());
    for path in ["/1/", "/sync/1/"] {
        assert_eq!(
            client.get(path).await.unwrap().text(),
            "Nuages by Django Reinhardt"
        );
    }
}

#[test]
fn what_is_not_there_is_a_404_and_what_is_there_twice_a_500() {
    let client = client(&shop());
    for path in ["/4711/", "/sync/4711/"] {
        assert_eq!(client.get(path).wait().unwrap().status(), 404);
    }
    assert_eq!(client.get("/any/").wait().unwrap().status(), 500);
}

#[test]
fn an_error_of_any_kind_rolls_back_over_both_kinds_of_code() {
    let db = shop();
    let client = client(&db);
    let book = |db: &Database| Book::objects().using(db).get(|b| b.id.eq(1)).wait().unwrap();
    assert_eq!(client.get("/checkout/1/0/").wait().unwrap().status(), 500);
    assert_eq!((book(&db).stock, book(&db).title.as_str()), (3, "Nuages"));
    assert_eq!(client.get("/checkout/1/1/").wait().unwrap().text(), "thank you");
    assert_eq!((book(&db).stock, book(&db).title.as_str()), (2, "sold"));
}

async fn sells() -> Result<&'static str> {
    Book::objects().update(|b| b.stock.set(b.stock - 1)).await?;
    sync_to_async(|| Book::objects().update(|b| b.stock.set(b.stock - 1)).wait()).await??;
    Err(Error::new(
        nuages_handler::StatusCode::PAYMENT_REQUIRED,
        "no money",
    ))
}

fn sells_sync() -> Result<&'static str> {
    Book::objects().update(|b| b.stock.set(b.stock - 2)).wait()?;
    Err(Error::new(
        nuages_handler::StatusCode::PAYMENT_REQUIRED,
        "no money",
    ))
}

async fn panics() -> Result<&'static str> {
    Book::objects().update(|b| b.stock.set(b.stock - 2)).await?;
    panic!("planned")
}

#[test]
fn views_run_in_transactions_where_the_app_or_the_view_says_so() {
    let urls = || {
        Urls::new()
            .path("", sells)
            .path("sync/", sells_sync)
            .path("panics/", panics)
            .path("non-atomic/", sells.non_atomic())
            .path("sync/non-atomic/", sells_sync.non_atomic())
            .path("atomic/", sells.atomic())
            .path("sync/atomic/", sells_sync.atomic())
    };
    let stock = |db: &Database| {
        Book::objects()
            .using(db)
            .get(|b| b.id.eq(1))
            .wait()
            .unwrap()
            .stock
    };
    let db = shop();
    let atomic = Client::new(
        App::new()
            .urls(urls())
            .hook(db.atomic_requests())
            .build()
            .unwrap(),
    )
    .raise_exceptions(false);
    let plain =
        Client::new(App::new().urls(urls()).hook(db.clone()).build().unwrap()).raise_exceptions(false);
    let rolls_back = |client: &Client, path: &str| {
        let before = stock(&db);
        assert!(
            client.get(path).wait().unwrap().status().as_u16() >= 402,
            "{path}"
        );
        stock(&db) == before
    };
    for path in ["/", "/sync/", "/panics/", "/atomic/", "/sync/atomic/"] {
        assert!(rolls_back(&atomic, path), "{path}");
    }
    for path in ["/atomic/", "/sync/atomic/"] {
        assert!(rolls_back(&plain, path), "{path}");
    }
    for path in ["/non-atomic/", "/sync/non-atomic/"] {
        assert!(!rolls_back(&atomic, path), "{path}");
    }
    for path in ["/", "/sync/", "/panics/"] {
        assert!(!rolls_back(&plain, path), "{path}");
    }
}

async fn posts() -> Result<String> {
    let before = Book::objects().count().await?;
    let author = Author::objects().first().await?;
    if let Some(author) = author {
        Book::create().title("Tears").stock(1).author(&author).await?;
    }
    let after = Book::objects().count().await?;
    Ok(format!("{before} {after}"))
}

#[test]
fn a_request_reads_what_it_wrote() {
    let (primary, replica) = (shop(), shop());
    Book::objects().using(&replica).delete().wait().unwrap();
    let db = primary.with_replicas([replica]);
    let client = Client::new(
        App::new()
            .urls(Urls::new().path("", posts))
            .hook(db)
            .build()
            .unwrap(),
    );
    // The replica has no books, nor will it have the new one; the primary had two.
    assert_eq!(client.get("/").wait().unwrap().text(), "0 3");
    assert_eq!(client.get("/").wait().unwrap().text(), "0 4");
}

#[test]
fn the_handlers_error_keeps_the_orms() {
    let db = shop();
    let error: Error = db
        .sync_scope(|| get_object_or_404(Book::objects(), |b| b.id.eq(4711)).wait())
        .unwrap_err();
    assert_eq!(error.status(), 404);
    assert!(error.downcast_ref::<nuages_orm::Error>().unwrap().is_not_found());
}

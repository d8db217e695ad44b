//! A shop of its own for each test, on each database.

use std::env;
use std::future::Future;

use nuages::handler::{Client, Handler};
use nuages::orm::{Database, raw_trusted};
use nuages::views::StaticFiles;

use crate::{app, data};

const STATIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bookshop/static");

pub struct Shop {
    pub database: Database,
    pub handler: Handler,
}

impl Shop {
    async fn open(database: Database) -> Self {
        data::project().migrate(&database).run().await.unwrap();
        database.scope(data::load()).await.unwrap();
        let handler = app::app(database.clone(), StaticFiles::new().dir(STATIC))
            .build()
            .unwrap();
        Self { database, handler }
    }

    pub fn visitor(&self) -> Client {
        Client::new(self.handler.clone()).raise_exceptions(false)
    }
}

const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Runs a test on a fresh SQLite file and on a fresh PostgreSQL database.
pub async fn on_each_database<F: Future<Output = ()>>(name: &str, test: impl Fn(Shop) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.sqlite3").display());
    let database = Database::connect(&url).await.unwrap();
    test(Shop::open(database.clone()).await).await;
    database.close().await.unwrap();

    let server = env::var("NUAGES_TEST_POSTGRES").unwrap_or_else(|_| POSTGRES.to_owned());
    let admin = match Database::connect(&server).await {
        Ok(admin) => admin,
        Err(error) if env::var_os("CI").is_none() => {
            eprintln!("\n!!! SKIPPED on PostgreSQL: {name}: {server} does not answer ({error})\n");
            return;
        }
        Err(error) => panic!("{server} does not answer: {error}"),
    };
    let fresh = format!("nuages_bookshop_{name}");
    sql(&admin, format!("DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")).await;
    sql(&admin, format!("CREATE DATABASE {fresh}")).await;
    let (base, _) = server.rsplit_once('/').unwrap();
    let database = Database::connect(format!("{base}/{fresh}")).await.unwrap();
    test(Shop::open(database.clone()).await).await;
    database.close().await.unwrap();
    sql(&admin, format!("DROP DATABASE {fresh} WITH (FORCE)")).await;
}

async fn sql(database: &Database, text: String) {
    raw_trusted(text).using(database).execute().await.unwrap();
}

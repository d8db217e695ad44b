//! How many statements each method runs: never more than Django's.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::sync::{Arc, Mutex};

use crate::driver::sqlite::SqliteDriver;
use crate::driver::{BlockingConnection, BlockingDriver, Driver, RowSink, Turns};
use crate::dynamic::{count, sum};
use crate::prelude::*;
use crate::{Dialect, Part, Result, Value, atomic, create_tables};

#[model]
struct Writer {
    id: i64,
    #[field(max_length = 40, unique)]
    name: String,
    #[relation(reverse = Novel::writer)]
    novels: Many<Novel>,
}

#[model]
struct Novel {
    id: i64,
    #[field(max_length = 40)]
    title: String,
    pages: i32,
    published: Date,
    #[relation(on_delete = Cascade)]
    writer: ForeignKey<Writer>,
}

/// What was sent, without what begins and ends transactions.
type Log = Arc<Mutex<Vec<String>>>;

#[derive(Debug)]
struct Counting(SqliteDriver, Log);

impl BlockingDriver for Counting {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn connect(&self) -> Result<Box<dyn BlockingConnection>> {
        Ok(Box::new(Counted(self.0.connect()?, Arc::clone(&self.1))))
    }

    fn turns(&self) -> Turns {
        self.0.turns()
    }
}

struct Counted(Box<dyn BlockingConnection>, Log);

impl BlockingConnection for Counted {
    fn fetch(&mut self, sql: &str, values: &[Value], rows: &mut dyn RowSink) -> Result<()> {
        self.1.lock().unwrap().push(sql.to_owned());
        self.0.fetch(sql, values, rows)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        self.1.lock().unwrap().push(sql.to_owned());
        self.0.execute(sql, values)
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        self.0.batch(sql)
    }
}

fn day() -> Date {
    jiff::civil::date(1947, 3, 1)
}

#[test]
fn no_method_runs_more_statements_than_djangos() {
    let log = Log::default();
    let driver = Counting(SqliteDriver::from_url(":memory:").unwrap(), Arc::clone(&log));
    let db = Database::with_driver(Driver::Blocking(Arc::new(driver)))
        .connect()
        .wait()
        .unwrap();
    create_tables(&db, &[Writer::meta(), Novel::meta()])
        .wait()
        .unwrap();
    db.sync_scope(|| -> Result<()> {
        let vian = Writer::create().name("Vian").wait()?;
        Writer::create().name("Queneau").wait()?;
        for title in ["L'Écume des jours", "L'Automne à Pékin", "L'Arrache-cœur"] {
            Novel::create().title(title).pages(200).published(day()).writer(&vian).wait()?;
        }
        let mut novel = Novel::objects().first().wait()?.unwrap();
        macro_rules! statements {
            ($($expected:literal $op:expr;)*) => {$(
                log.lock().unwrap().clear();
                let _ = $op?;
                let sent = std::mem::take(&mut *log.lock().unwrap());
                assert_eq!(sent.len(), $expected, "{}: {sent:#?}", stringify!($op));
            )*};
        }
        let novels = Novel::objects;
        statements! {
            // Reads.
            1 novels().all().wait();
            1 novels().get(|n| n.id.eq(1)).wait();
            1 novels().first().wait();
            1 novels().last().wait();
            1 novels().earliest(|n| n.published).wait();
            1 novels().latest(|n| n.published).wait();
            1 novels().count().wait();
            1 novels().slice(1..2).count().wait();
            1 novels().exists().wait();
            1 novels().contains(&novel).wait();
            1 novels().in_bulk([1, 2]).wait();
            0 novels().in_bulk([]).wait();
            0 novels().slice(..0).all().wait();
            1 novels().aggregate(|n| (n.pages.sum(), n.id.count())).wait();
            1 novels().values(|n| (n.title, n.writer.name)).all().wait();
            1 novels().values(|n| n.title).first().wait();
            1 novels().values(|n| n.title).distinct().count().wait();
            1 novels().values(|n| (n.id, n.title)).to_map().wait();
            1 novels().values(|n| n.writer.name).annotate(|n| n.id.count()).all().wait();
            1 novels().dates(|n| n.published, Part::Year).wait();
            1 novels().explain(crate::Explain::default()).wait();
            1 Writer::objects().annotate(|w| (w.novels.count(), w.novels.aggregate(|n| n.pages.sum()))).all().wait();
            1 Writer::objects().annotate(|w| w.novels.count()).aggregate(|_, n| n.avg()).wait();
            1 novels().union(novels()).all().wait();
            1 novels().union(novels()).count().wait();
            1 novels().distinct_on(|n| n.writer.id).all().wait();
            1 novels().select_related(|n| n.writer).all().wait();
            2 Writer::objects().prefetch_related(|w| w.novels).all().wait();
            2 Writer::objects().prefetch_related(|w| w.novels.query(|n| n.slice(..1))).all().wait();
            3 Writer::objects().prefetch_related(|w| w.novels.query(|n| n.select_related(|n| n.writer))).all().wait().and_then(|_| novels().count().wait());
            1 vian.novels.all().wait();
            1 novels().iter().collect::<Result<Vec<_>>>();
            1 novels().dynamic().filter(("writer__name__icontains", "v"))?.all().wait();
            1 novels().dynamic().aggregate([("n", count("id")), ("pages", sum("pages"))]).wait();
            1 Writer::objects().dynamic().annotate("n", count("novels"))?.all().wait();
            // Writes.
            1 Writer::create().name("Perec").wait();
            1 novel.save().wait();
            1 novels().filter(|n| n.writer.name.eq("Vian")).update(|n| n.pages.set(n.pages + 1)).wait();
            1 novels().bulk_update(std::slice::from_ref(&novel), |n| n.title).wait();
            1 Writer::objects().bulk_create(["Jarry", "Roussel"].map(|name| Writer::create().name(name))).wait();
            1 Writer::get_or_create().name("Vian").wait();
            1 novels().filter(|n| n.id.eq(2)).delete().wait();
            1 novel.delete().wait();
            1 atomic(|| novels().select_for_update().all().wait()).wait();
        }
        novel.pages = 1;
        assert!(novel.save().wait().unwrap_err().is_not_found());
        Ok(())
    })
    .unwrap();
}

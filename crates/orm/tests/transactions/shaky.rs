//! A driver around another one that gives way before and after each of its steps, so that each of these is a point at which its caller can be
//! dropped or overtaken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nuages_orm::driver::{AsyncConnection, AsyncDriver, BoxFuture, Driver, RowSink};
use nuages_orm::{Dialect, Result, Value};
use tokio::task::yield_now;

/// Random numbers that a seed repeats.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    /// One of `0..n`.
    pub(crate) fn below(&self, n: u64) -> u64 {
        // Splitmix: any thread may take the next one.
        let mut x = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % n
    }
}

/// How often it gives way.
#[derive(Clone, Debug)]
pub(crate) enum Pace {
    Once,
    Random(Arc<Random>),
}

impl Pace {
    async fn give_way(&self) {
        let times = match self {
            Self::Once => 1,
            Self::Random(random) => random.below(3),
        };
        for _ in 0..times {
            yield_now().await;
        }
    }
}

/// Makes a driver shaky, if it is one that is awaited; the others have a thread that goes on by itself.
pub(crate) fn shaky(driver: Driver, pace: Pace) -> Driver {
    match driver {
        Driver::Async(inner) => Driver::Async(Arc::new(Shaky { inner, pace })),
        driver => driver,
    }
}

#[derive(Debug)]
struct Shaky {
    inner: Arc<dyn AsyncDriver>,
    pace: Pace,
}

impl AsyncDriver for Shaky {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>>> {
        Box::pin(async {
            self.pace.give_way().await;
            let inner = self.inner.connect().await?;
            self.pace.give_way().await;
            let pace = self.pace.clone();
            Ok(Box::new(ShakyConnection { inner, pace }) as Box<dyn AsyncConnection>)
        })
    }
}

struct ShakyConnection {
    inner: Box<dyn AsyncConnection>,
    pace: Pace,
}

macro_rules! shaken {
    ($self:ident, $call:expr) => {
        Box::pin(async move {
            $self.pace.give_way().await;
            let result = $call.await;
            $self.pace.give_way().await;
            result
        })
    };
}

impl AsyncConnection for ShakyConnection {
    fn fetch<'a>(
        &'a mut self,
        sql: &'a str,
        values: &'a [Value],
        rows: &'a mut dyn RowSink,
    ) -> BoxFuture<'a, Result<()>> {
        shaken!(self, self.inner.fetch(sql, values, rows))
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        shaken!(self, self.inner.execute(sql, values))
    }

    fn batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        shaken!(self, self.inner.batch(sql))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        shaken!(self, self.inner.ping())
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<bool>> {
        shaken!(self, self.inner.reset())
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.inner.close()
    }
}

//! What is compared with what, and the goals.

use crate::{
    load::Load,
    servers::{HELLO, HELLO_JSON},
};

/// One load, and what every server makes of it. A new row or a new load is a line here.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) load: Load,
    pub(crate) rows: &'static [Row],
}

/// A server in a table.
pub(crate) struct Row {
    pub(crate) server: &'static str,
    /// The row that this one is a ratio of.
    pub(crate) of: &'static str,
    /// The least ratio of the rates.
    pub(crate) goal: Option<f64>,
    /// Whether it runs on one runtime, and then on one a core. What has threads of its own runs once.
    pub(crate) both: bool,
}

const FLOOR: &str = "raw hyper";
const THREADS: &str = "touche";

const fn peer(server: &'static str) -> Row {
    Row {
        server,
        of: FLOOR,
        goal: None,
        both: true,
    }
}

const fn ours(server: &'static str, goal: f64) -> Row {
    Row {
        server,
        of: FLOOR,
        goal: Some(goal),
        both: true,
    }
}

/// A server that has a thread for each connection.
const PER_CONNECTION: Row = Row {
    server: THREADS,
    of: FLOOR,
    goal: None,
    both: false,
};

/// The sync application, held against threads: sync is not to pay for async.
const SYNC: Row = Row {
    server: "SyncApplication",
    of: THREADS,
    goal: Some(1.0),
    both: true,
};

pub(crate) const TABLES: &[Table] = &[
    Table {
        title: "plaintext, 64 connections, 16 requests at once",
        load: Load {
            path: "/plaintext",
            body: HELLO,
            connections: 64,
            depth: 16,
        },
        rows: &[
            peer(FLOOR),
            peer("axum"),
            ours("Application", 0.97),
            ours("App, async views", 0.90),
            ours("App, sync views", 0.60),
            PER_CONNECTION,
            SYNC,
        ],
    },
    Table {
        title: "json, 64 connections",
        load: Load {
            path: "/json",
            body: HELLO_JSON,
            connections: 64,
            depth: 1,
        },
        rows: &[
            peer(FLOOR),
            peer("axum"),
            ours("Application", 0.97),
            ours("App, async views", 0.94),
            ours("App, sync views", 0.75),
            PER_CONNECTION,
            SYNC,
        ],
    },
];

/// User-space instructions that a request may take through router and five neutral middlewares.
pub(crate) const INSTRUCTIONS: u64 = 11_500;

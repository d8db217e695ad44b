//! The migrations of `bookshop`. `makemigrations` and `squashmigrations` write this file.

use nuages::migrations::App;

mod m0001_initial;

/// The app with its migrations.
pub fn app() -> App {
    App::new("bookshop")
        .folder(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/examples/bookshop/migrations"
        ))
        .migration(m0001_initial::migration())
}

//! The migrations of `shop`. `makemigrations` and `squashmigrations` write this file.

use nuages_migrations::App;

mod m0001_initial;

/// The app with its migrations.
pub fn app() -> App {
    App::new("shop")
        .root("nuages_migrations")
        .folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/migrations/written"))
        .migration(m0001_initial::migration())
}

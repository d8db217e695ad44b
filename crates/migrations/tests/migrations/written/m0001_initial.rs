//! Create model Country; Create model Record.

use nuages_migrations::{CreateModel, Field, Kind, Migration, Model, OnDelete};

pub(super) fn migration() -> Migration {
    Migration::new("0001_initial")
        .operation(CreateModel::new(
            Model::new("Country")
                .field("id", Field::key())
                .field("name", Field::new(Kind::Text).unique().max_length(80)),
        ))
        .operation(CreateModel::new(
            Model::new("Record")
                .field("id", Field::key())
                .field("title", Field::new(Kind::Text).index().max_length(200))
                .field("price", Field::new(Kind::Decimal).digits(8, 2))
                .field("stock", Field::new(Kind::Int).check("stock >= 0"))
                .field("notes", Field::new(Kind::Json).null())
                .field("country", Field::foreign_key("Country", OnDelete::Protect))
                .field("cover_of", Field::foreign_key("Record", OnDelete::SetNull).null())
                .unique_together(["title", "country"]),
        ))
}

//! Create model Country; Create model Author; Create model Book; Create model Customer; Create model
//! Order; Create model Invoice; Create model OrderLine.

use nuages::migrations::{CreateModel, Field, Kind, Migration, Model, OnDelete};

pub(super) fn migration() -> Migration {
    Migration::new("0001_initial")
        .operation(CreateModel::new(
            Model::new("Country")
                .field("id", Field::key())
                .field("name", Field::new(Kind::Text).unique().max_length(80))
                .field("code", Field::new(Kind::Text).unique().max_length(2)),
        ))
        .operation(CreateModel::new(
            Model::new("Author")
                .field("id", Field::key())
                .field("name", Field::new(Kind::Text).index().max_length(120))
                .field("country", Field::foreign_key("Country", OnDelete::Protect)),
        ))
        .operation(CreateModel::new(
            Model::new("Book")
                .field("id", Field::key())
                .field("title", Field::new(Kind::Text).index().max_length(200))
                .field("year", Field::new(Kind::Int))
                .field("price", Field::new(Kind::Decimal).digits(8, 2))
                .field("stock", Field::new(Kind::Int).check("stock >= 0"))
                .field("author", Field::foreign_key("Author", OnDelete::Protect))
                .unique_together(["title", "author"]),
        ))
        .operation(CreateModel::new(
            Model::new("Customer")
                .field("id", Field::key())
                .field("token", Field::new(Kind::Uuid).unique())
                .field("name", Field::new(Kind::Text).max_length(80))
                .field("email", Field::new(Kind::Text).max_length(254)),
        ))
        .operation(CreateModel::new(
            Model::new("Order")
                .field("id", Field::key())
                .field("customer", Field::foreign_key("Customer", OnDelete::Protect))
                .field("placed", Field::new(Kind::Timestamp))
                .field("total", Field::new(Kind::Decimal).digits(10, 2)),
        ))
        .operation(CreateModel::new(
            Model::new("Invoice")
                .field("id", Field::key())
                .field("number", Field::new(Kind::Text).unique().max_length(20))
                .field("order", Field::foreign_key("Order", OnDelete::Protect))
                .field("addressee", Field::new(Kind::Text).max_length(80))
                .field("total", Field::new(Kind::Decimal).digits(10, 2)),
        ))
        .operation(CreateModel::new(
            Model::new("OrderLine")
                .field("id", Field::key())
                .field("order", Field::foreign_key("Order", OnDelete::Cascade))
                .field("book", Field::foreign_key("Book", OnDelete::Protect))
                .field("quantity", Field::new(Kind::Int).check("quantity > 0"))
                .field("price", Field::new(Kind::Decimal).digits(8, 2)),
        ))
}

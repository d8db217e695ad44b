use nuages_views::Choices;

#[derive(Choices)]
enum Binding {
    Paperback,
    Other(String),
}

fn main() {}

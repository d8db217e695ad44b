use nuages_views::Form;

#[derive(Form)]
enum Binding {
    Paperback,
}

fn main() {}

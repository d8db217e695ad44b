use nuages_views::Form;

#[derive(Form)]
struct Wish {
    #[form(required, optional)]
    title: String,
}

fn main() {}

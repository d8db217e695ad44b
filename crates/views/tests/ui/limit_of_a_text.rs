use nuages_views::Form;

#[derive(Form)]
struct Wish {
    #[form(max = 80)]
    title: String,
}

fn main() {}

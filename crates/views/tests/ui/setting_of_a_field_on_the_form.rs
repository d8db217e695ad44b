use nuages_views::Form;

#[derive(Form)]
#[form(max_length = 80)]
struct Wish {
    title: String,
}

fn main() {}

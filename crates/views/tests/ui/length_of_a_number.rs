use nuages_views::Form;

#[derive(Form)]
struct Wish {
    #[form(max_length = 3)]
    copies: u32,
}

fn main() {}

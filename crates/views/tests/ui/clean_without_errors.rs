use nuages_views::Form;

fn check(wish: &Wish) -> bool {
    !wish.title.is_empty()
}

#[derive(Form)]
#[form(clean = check)]
struct Wish {
    title: String,
}

fn main() {}

use nuages_views::Form;

#[derive(Form)]
struct Buyer {
    #[form(autocomplete = "first-name")]
    name: String,
}

fn main() {}

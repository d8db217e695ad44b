use nuages_views::Form;

#[derive(Form)]
struct Wish {
    #[form(widget = "text_area")]
    title: String,
}

fn main() {}

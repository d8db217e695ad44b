use nuages_views::Form;

#[derive(Form)]
struct Wish {
    #[form(maxlength = 80)]
    title: String,
    #[form(verbose_name = "Copies")]
    copies: u8,
}

fn main() {}

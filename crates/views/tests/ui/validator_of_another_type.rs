use nuages_views::Form;

fn even(number: &u32) -> Result<(), String> {
    if number % 2 == 0 { Ok(()) } else { Err("It is odd.".to_owned()) }
}

#[derive(Form)]
struct Wish {
    #[form(validate = even)]
    copies: u8,
}

fn main() {}

use nuages_handler::Result;
use nuages_views::Form;
use nuages_views::forms::FormErrors;

fn is_free(_: &Signup, _: &mut FormErrors) -> Result<()> {
    Ok(())
}

#[derive(Form)]
#[form(clean_async = is_free)]
struct Signup {
    name: String,
}

fn main() {}

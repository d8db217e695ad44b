use nuages_handler::{FormData, Result};
use nuages_views::Form;
use nuages_views::forms::FormErrors;

async fn is_free(_: &Signup, _: &mut FormErrors) -> Result<()> {
    Ok(())
}

#[derive(Form)]
#[form(clean_async = is_free)]
struct Signup {
    name: String,
}

fn main() {
    let _ = Signup::bind(&FormData::default()).validate();
}

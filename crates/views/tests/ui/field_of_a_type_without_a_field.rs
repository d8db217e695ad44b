use nuages_views::Form;

struct Colour(u32);

#[derive(Form)]
struct Paint {
    colour: Colour,
}

fn main() {}

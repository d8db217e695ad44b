use nuages_views::BoundForm;

struct Wish {
    title: String,
}

fn view(form: BoundForm<Wish>) {}

fn main() {}

//! The cart, and the way from it to an order.

use askama::Template;
use nuages::prelude::*;

use crate::cart::{Cart, Wishes};
use crate::checkout::{Buyer, SoldOut, place_order};
use crate::models::Book;

/// The cookie that knows the customer again.
pub const CUSTOMER: &str = "customer";

#[derive(Template)]
#[template(path = "cart.html")]
struct CartPage {
    cart: Cart,
}

pub async fn show(request: Request) -> Result<Response> {
    let cart = Wishes::of(&request).cart().await?;
    render(&request, CartPage { cart })
}

/// Puts one copy of a book into the cart.
pub async fn add(request: Request) -> Result<Response> {
    let book = chosen(&request).await?;
    let mut wishes = Wishes::of(&request);
    wishes.add(get_object_or_404(Book::objects(), |b| b.id.eq(book)).await?.id, 1);
    Ok(redirect("/cart/").cookie(wishes.cookie()))
}

/// Takes a book out of the cart, with all its copies.
pub async fn remove(request: Request) -> Result<Response> {
    let book = chosen(&request).await?;
    let mut wishes = Wishes::of(&request);
    wishes.remove(book);
    Ok(redirect("/cart/").cookie(wishes.cookie()))
}

/// The book that a form names.
async fn chosen(request: &Request) -> Result<i64> {
    let form = request.form().await?;
    form.get("book")
        .and_then(|book| book.parse().ok())
        .ok_or_else(|| Error::bad_request("Which book?"))
}

/// Who orders, as they type it.
#[derive(Form)]
pub struct BuyerForm {
    #[form(label = "Your name", max_length = 80, autocomplete = "name")]
    pub name: String,
    #[form(
        label = "Your e-mail address",
        email,
        max_length = 254,
        autocomplete = "email",
        help = "The invoice goes there"
    )]
    pub email: String,
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct Checkout {
    form: BoundForm<BuyerForm>,
    total: Decimal,
}

/// Asks who orders. With an empty cart there is nothing to ask.
pub async fn checkout_form(request: Request) -> Result<Response> {
    let cart = Wishes::of(&request).cart().await?;
    if cart.lines.is_empty() {
        return Ok(redirect("/cart/"));
    }
    let (form, total) = (BuyerForm::unbound(), cart.total());
    render(&request, Checkout { form, total })
}

/// Places the order, or says at each field what is missing.
pub async fn checkout(request: Request, form: BoundForm<BuyerForm>) -> Result<Response> {
    let cart = Wishes::of(&request).cart().await?;
    if cart.lines.is_empty() {
        return Ok(redirect("/cart/"));
    }
    let again = |form, status| -> Result<Response> {
        let total = cart.total();
        Ok(render(&request, Checkout { form, total })?.status_code(status))
    };
    // Kept, for the page that says that somebody else was faster.
    let mut shown = form.clone();
    let buyer = match form.validate() {
        Ok(BuyerForm { name, email }) => Buyer {
            token: token(&request).unwrap_or_else(Uuid::new_v4),
            name,
            email,
        },
        Err(form) => return again(form, StatusCode::UNPROCESSABLE_ENTITY),
    };
    match place_order(&cart, &buyer).await {
        Ok(_) => {
            let customer = Cookie::new(CUSTOMER, buyer.token.to_string())
                .path("/")
                .http_only(true)
                .same_site(SameSite::Lax);
            Ok(redirect("/orders/?placed")
                .cookie(customer)
                .cookie(Wishes::default().cookie()))
        }
        Err(error) => match error.downcast_ref::<SoldOut>() {
            Some(sold_out) => {
                shown.add_form_error(sold_out.to_string());
                again(shown, StatusCode::CONFLICT)
            }
            None => Err(error),
        },
    }
}

/// The customer's token, where the browser has one.
pub fn token(request: &Request) -> Option<Uuid> {
    request.cookie(CUSTOMER)?.parse().ok()
}

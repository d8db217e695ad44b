//! The bookkeeping: older than the shop, and all sync. It knows nothing of tasks, and does not have to.

use nuages::prelude::*;

use crate::models::{Invoice, Order};

/// Writes the invoice of an order. Called inside the checkout's transaction, it is part of it.
pub fn write_invoice(order: i64) -> Result<Invoice> {
    let order = Order::objects()
        .select_related(|o| o.customer)
        .get(|o| o.id.eq(order))
        .wait()?;
    if order.customer.name.eq_ignore_ascii_case(REFUSED) {
        return Err(Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the bookkeeping refuses this customer",
        ));
    }
    let invoice = Invoice::create()
        .number(format!("{}-{:06}", order.placed.strftime("%Y"), order.id))
        .order(&order)
        .addressee(order.customer.name.clone())
        .total(order.total)
        .wait()?;
    Ok(invoice)
}

/// Nobody may be invoiced under this name, by order of a bookkeeper long retired. It makes a failure that a test can ask for.
pub const REFUSED: &str = "Nobody";

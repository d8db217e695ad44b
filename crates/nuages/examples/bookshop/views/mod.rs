//! The pages. Which of them are sync and which async is each one's own choice.

pub mod api;
pub mod authors;
pub mod books;
pub mod cart;
pub mod home;
pub mod orders;

use nuages::prelude::*;

/// Whether a request is for the route with this name: the page's own link is marked in the navigation.
pub fn is_here(request: &Request, name: &str) -> bool {
    request.route_name() == Some(name)
}

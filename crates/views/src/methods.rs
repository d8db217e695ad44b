//! The names of HTTP methods, to be joined: `view.require(GET | POST)`.
//!
//! See [`Decorate::require`](crate::Decorate::require).

use crate::decorators::AllowedMethods;

/// GET, and HEAD with it.
pub const GET: AllowedMethods = AllowedMethods::at(0);
/// HEAD alone.
pub const HEAD: AllowedMethods = AllowedMethods::at(1);
/// POST.
pub const POST: AllowedMethods = AllowedMethods::at(2);
/// PUT.
pub const PUT: AllowedMethods = AllowedMethods::at(3);
/// PATCH.
pub const PATCH: AllowedMethods = AllowedMethods::at(4);
/// DELETE.
pub const DELETE: AllowedMethods = AllowedMethods::at(5);
/// OPTIONS, which is answered by the list of methods without it.
pub const OPTIONS: AllowedMethods = AllowedMethods::at(6);

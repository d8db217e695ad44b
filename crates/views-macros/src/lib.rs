//! The derive macros of nuages-views.

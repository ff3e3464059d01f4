//! The back end of a small SaaS product, as far as its schema goes.
mod schema;

fn main() {}

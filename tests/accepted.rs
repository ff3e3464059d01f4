//! What the derives accept: it compiles, and the traits say of it what they have to.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::pedantic, reason = "it is written as applications write it")]

#[path = "ui/accepted/everything.rs"]
mod everything;
// as `pull` has laid it out
#[rustfmt::skip]
#[path = "ui/accepted/rendered.rs"]
mod rendered;

#[test]
fn the_derives_accept_every_feature() {
    everything::main();
}

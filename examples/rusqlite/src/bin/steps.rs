//! Runs the steps in Rust of the migrations for `cargo dbmigrate migrate --with steps` and `check --with steps`.

fn main() {
    dbmigrate::migrate::serve_steps(bookmarks::MIGRATIONS);
}

use dbmigrate::Table;

#[derive(Table)]
#[table(nam = "users", index(emial), unique(email, on_conflict = replase))]
struct User {
    #[column(primry_key, autoincrement)]
    id: i64,
    #[column(default = 1, collate nocase)]
    email: String,
    #[column(on_delete = cascade)]
    org_id: i64,
    #[column(check = "length(name")]
    name: String,
}

#[derive(Table)]
#[table(index(emial), primary_key(id))]
struct Member {
    #[column(primary_key)]
    id: i64,
    #[column(default = "none")]
    age: Option<i64>,
    email: String,
    visits: u64,
    tags: Vec<String>,
}

fn main() {}

use dbmigrate::{ColumnType, Table};

#[derive(ColumnType)]
struct OrgId(i64);

#[derive(Table)]
struct Org {
    #[column(primary_key)]
    id: OrgId,
}

#[derive(Table)]
struct NoField {
    #[column(references = Org::identifier)]
    org_id: OrgId,
}

#[derive(Table)]
struct NoStruct {
    #[column(references = Organization::id)]
    org_id: OrgId,
}

#[derive(Table)]
struct OtherType {
    #[column(references = Org::id)]
    org_id: i64,
}

#[derive(Table)]
#[table(foreign_key(a, b, references = Org(id, name)))]
struct Composite {
    a: OrgId,
    b: String,
}

fn main() {}

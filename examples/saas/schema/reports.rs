//! What the back office looks at. Views only: nothing is stored here.

use dbmigrate::View;

use super::billing::{Cents, Currency, PlanId};
use super::organizations::OrganizationId;

/// A line for each customer.
#[derive(View)]
#[view(
    name = "organization_overview",
    query = "SELECT organizations.id, organizations.name, subscriptions.plan_id,
                    (SELECT count(*) FROM memberships WHERE organization_id = organizations.id) AS members,
                    (SELECT count(*) FROM posts WHERE organization_id = organizations.id) AS posts
             FROM organizations
             LEFT JOIN subscriptions
               ON subscriptions.organization_id = organizations.id AND subscriptions.state <> 'canceled'"
)]
pub struct OrganizationOverview {
    pub id: OrganizationId,
    pub name: String,
    pub plan_id: Option<PlanId>,
    pub members: i64,
    pub posts: i64,
}

/// What came in, by month.
#[derive(View)]
#[view(
    name = "revenue",
    columns(month, currency, amount),
    query = "SELECT strftime('%Y-%m', paid_at, 'unixepoch'), currency, sum(subtotal)
             FROM invoices WHERE paid_at IS NOT NULL GROUP BY 1, 2"
)]
pub struct Revenue {
    pub month: String,
    pub currency: Currency,
    pub amount: Cents,
}

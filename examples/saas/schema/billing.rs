//! What customers pay.

use dbmigrate::{ColumnType, Json, Table};

use super::organizations::{Organization, OrganizationId};
use super::types::UnixTime;

/// An amount of money in the smallest unit of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct Cents(pub i64);

/// A currency of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, ColumnType)]
#[column_type(check = "length({}) = 3 AND {} = upper({})")]
pub struct Currency(pub String);

/// The id of a [`Plan`], chosen by people: `pro`.
#[derive(Debug, Clone, PartialEq, Eq, ColumnType)]
pub struct PlanId(pub String);

/// The id of an [`Invoice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct InvoiceId(pub i64);

/// How often is paid, in months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(integer, check)]
pub enum Interval {
    Month = 1,
    Year = 12,
}

/// The state of a [`Subscription`], in the words of the payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum SubscriptionState {
    Trialing,
    Active,
    PastDue,
    Canceled,
}

/// What can be bought.
#[derive(Table)]
#[table(name = "plans", strict, without_rowid)]
pub struct Plan {
    #[column(primary_key)]
    pub id: PlanId,
    pub name: String,
    pub price: Cents,
    #[column(default = "EUR")]
    pub currency: Currency,
    #[column(default = 1)]
    pub months: Interval,
    /// No limit, if there is none.
    pub max_members: Option<i64>,
    #[column(default = true)]
    pub is_public: bool,
}

/// An organization's plan, now or once.
#[derive(Table)]
#[table(
    name = "subscriptions",
    strict,
    unique_index(organization_id, name = "subscriptions_one_at_a_time_key", where = "state <> 'canceled'")
)]
pub struct Subscription {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = Organization::id, on_delete = restrict, index)]
    pub organization_id: OrganizationId,
    #[column(references = Plan::id, on_update = cascade, index)]
    pub plan_id: PlanId,
    pub state: SubscriptionState,
    /// The name of it at the payment provider.
    #[column(unique)]
    pub provider_id: String,
    pub period_end: UnixTime,
}

/// A bill.
#[derive(Table)]
#[table(name = "invoices", strict, index(organization_id, issued_at desc))]
pub struct Invoice {
    #[column(primary_key)]
    pub id: InvoiceId,
    #[column(references = Organization::id, on_delete = restrict)]
    pub organization_id: OrganizationId,
    #[column(unique)]
    pub number: String,
    pub currency: Currency,
    pub subtotal: Cents,
    pub tax: Cents,
    #[column(generated = "subtotal + tax", stored)]
    pub total: Cents,
    #[column(default_sql = "unixepoch()")]
    pub issued_at: UnixTime,
    pub paid_at: Option<UnixTime>,
}

/// A line of an [`Invoice`].
#[derive(Table)]
#[table(name = "invoice_lines", strict, without_rowid, primary_key(invoice_id, position))]
pub struct InvoiceLine {
    #[column(references = Invoice::id, on_delete = cascade)]
    pub invoice_id: InvoiceId,
    pub position: i64,
    pub description: String,
    #[column(check(quantity_positive, "quantity > 0"))]
    pub quantity: i64,
    pub unit_price: Cents,
    #[column(generated = "quantity * unit_price", stored)]
    pub amount: Cents,
}

/// A message of the payment provider that was acted upon, so that it is not acted upon again.
#[derive(Table)]
#[table(name = "processed_webhooks", strict, without_rowid, primary_key(provider, event_id))]
pub struct ProcessedWebhook {
    pub provider: String,
    pub event_id: String,
    #[column(check = "json_valid(payload)")]
    pub payload: Json<String>,
    #[column(default_sql = "unixepoch()")]
    pub processed_at: UnixTime,
}

//! Requests.

use libsql_hrana::proto::{BatchCond, BatchStep, NamedArg, Stmt, Value};

use super::super::request::Request;
use super::read::{FIXED, LENGTH, VARINT};

/// A pipeline of requests.
pub(in crate::engine::remote) fn pipeline(baton: Option<&str>, requests: &[Request<'_>]) -> Vec<u8> {
    let mut to = Message::default();
    if let Some(baton) = baton {
        to.bytes(1, baton.as_bytes());
    }
    for one in requests {
        to.message(2, |to| match one {
            Request::Close {} => to.message(1, |_| {}),
            Request::Batch { batch } => to.message(3, |to| {
                to.message(1, |to| batch.steps.iter().for_each(|one| to.message(1, |to| step(to, one))));
            }),
            Request::Describe { sql } => to.message(5, |to| to.bytes(1, sql.as_bytes())),
        });
    }
    to.0
}

fn step(to: &mut Message, step: &BatchStep) {
    if let Some(one) = &step.condition {
        to.message(1, |to| condition(to, one));
    }
    to.message(2, |to| statement(to, &step.stmt));
}

fn condition(to: &mut Message, one: &BatchCond) {
    match one {
        BatchCond::None => {}
        BatchCond::Ok { step } => to.number(1, u64::from(*step)),
        BatchCond::Error { step } => to.number(2, u64::from(*step)),
        BatchCond::Not { cond } => to.message(3, |to| condition(to, cond)),
        BatchCond::And(list) => {
            to.message(4, |to| list.conds.iter().for_each(|one| to.message(1, |to| condition(to, one))));
        }
        BatchCond::Or(list) => {
            to.message(5, |to| list.conds.iter().for_each(|one| to.message(1, |to| condition(to, one))));
        }
        BatchCond::IsAutocommit {} => to.message(6, |_| {}),
    }
}

fn statement(to: &mut Message, statement: &Stmt) {
    if let Some(sql) = &statement.sql {
        to.bytes(1, sql.as_bytes());
    }
    for one in &statement.args {
        to.message(3, |to| value(to, one));
    }
    for NamedArg { name, value: one } in &statement.named_args {
        to.message(4, |to| {
            to.bytes(1, name.as_bytes());
            to.message(2, |to| value(to, one));
        });
    }
    if let Some(wants_rows) = statement.want_rows {
        to.number(5, u64::from(wants_rows));
    }
}

fn value(to: &mut Message, value: &Value) {
    match value {
        Value::None => {}
        Value::Null => to.message(1, |_| {}),
        // the sign is the last bit
        Value::Integer { value } => to.number(2, ((value << 1) ^ (value >> 63)).cast_unsigned()),
        Value::Float { value } => to.fixed(3, value.to_bits()),
        Value::Text { value } => to.bytes(4, value.as_bytes()),
        Value::Blob { value } => to.bytes(5, value),
    }
}

/// A message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// A number, seven bits to a byte.
    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            let [low, ..] = number.to_le_bytes();
            self.0.push(0x80 | low);
            number >>= 7;
        }
        let [low, ..] = number.to_le_bytes();
        self.0.push(low);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.varint(field << 3 | VARINT);
        self.varint(number);
    }

    fn fixed(&mut self, field: u64, bits: u64) {
        self.varint(field << 3 | FIXED);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// A message in this one.
    fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }
}

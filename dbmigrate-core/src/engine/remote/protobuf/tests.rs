//! What is written here is read by the crate of the protocol, and the other way round: servers are made of it.

use libsql_hrana::proto;
use proptest::prelude::*;
use prost::Message as _;

use super::super::batch::{self, Batch, Condition};
use super::super::client::Encoding;
use super::super::flat::{Flat, FlatRows};
use super::super::request::{Request, Steps, body};
use super::super::value::to_wire;
use super::answer::{Answer, Head, error_text};
use crate::engine::error::ErrorKind;
use crate::engine::value::Value;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        prop::sample::select(vec![0, -1, 1, i64::MIN, i64::MAX]).prop_map(Value::Integer),
        any::<f64>().prop_filter("NaN is not stored", |real| !real.is_nan()).prop_map(Value::Real),
        prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, -0.0]).prop_map(Value::Real),
        "[a\u{0}\u{7f}\u{e9}\u{1f980}]{0,200}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Blob),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(batch::ok),
        any::<u32>().prop_map(batch::error),
        Just(batch::is_autocommit())
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(batch::not),
            prop::collection::vec(inner.clone(), 0..4).prop_map(batch::and),
            prop::collection::vec(inner, 0..4).prop_map(batch::or),
        ]
    })
}

/// As a server says it.
fn said(value: &Value) -> proto::Value {
    match value {
        // JSON cannot say all of them
        Value::Real(value) => proto::Value::Float { value: *value },
        other => to_wire(other.clone()).expect("a value"),
    }
}

fn result(rows: &[Vec<Value>]) -> proto::StmtResult {
    let row = |row: &Vec<Value>| proto::Row { values: row.iter().map(said).collect() };
    let name = |at: usize| proto::Col { name: Some(format!("c{at}")), decltype: Some("TEXT".to_owned()) };
    proto::StmtResult {
        cols: (0..rows.first().map_or(0, Vec::len)).map(name).collect(),
        rows: rows.iter().map(row).collect(),
        affected_row_count: 7,
        last_insert_rowid: Some(-3),
        replication_index: Some(300),
        rows_read: 1,
        rows_written: 2,
        query_duration_ms: 0.5,
    }
}

fn answer(step_results: Vec<Option<proto::StmtResult>>, step_errors: Vec<Option<proto::Error>>) -> Vec<u8> {
    let result = proto::BatchResult { step_results, step_errors, replication_index: None };
    let response = proto::StreamResponse::Batch(proto::BatchStreamResp { result });
    let results = vec![
        proto::StreamResult::Ok { response },
        proto::StreamResult::Ok { response: proto::StreamResponse::Close(proto::CloseStreamResp {}) },
    ];
    let (baton, base_url) = (Some("baton".to_owned()), Some("http://base".to_owned()));
    proto::PipelineRespBody { baton, base_url, results }.encode_to_vec()
}

fn steps(count: usize) -> Vec<proto::BatchStep> {
    let step = |_| proto::BatchStep { condition: None, stmt: proto::Stmt::new("SELECT 1", true) };
    (0..count).map(step).collect()
}

fn values(rows: &FlatRows) -> Vec<Vec<Value>> {
    let value = |value: &Flat| match *value {
        Flat::Null => Value::Null,
        Flat::Integer(integer) => Value::Integer(integer),
        Flat::Real(real) => Value::Real(real),
        Flat::Text(span) => Value::Text(String::from_utf8(rows.bytes(span).to_vec()).expect("UTF-8")),
        Flat::Blob(span) => Value::Blob(rows.bytes(span).to_vec()),
    };
    rows.rows().map(|row| row.iter().map(value).collect()).collect()
}

fn error(message: &str, code: &str) -> proto::Error {
    proto::Error { message: message.to_owned(), code: code.to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_read_by_servers_as_the_same_in_json_is(
        sql in ".{0,300}",
        conditions in prop::collection::vec(prop::option::of(condition()), 0..4),
        values in prop::collection::vec(value(), 0..4),
        baton in prop::option::of(".{0,9}"),
    ) {
        let mut batch = Batch::reading();
        let values: Vec<Value> = values.into_iter().filter(|value| to_wire(value.clone()).is_some()).collect();
        for (at, condition) in conditions.into_iter().enumerate() {
            batch.step(condition, sql.clone(), values.clone(), at % 2 == 0);
        }
        let steps = batch.steps().expect("steps");
        let requests = [Request::Batch { batch: Steps { steps } }, Request::Close {}];
        let written = body(Encoding::Protobuf, baton.as_deref(), &requests).expect("a request");
        let read = proto::PipelineReqBody::decode(&*written).expect("a request");
        let json = body(Encoding::Json, baton.as_deref(), &requests).expect("a request");
        let wanted: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        prop_assert_eq!(serde_json::to_value(&read).expect("JSON")["requests"][0]["batch"]["steps"].clone(),
                        wanted["requests"][0]["batch"]["steps"].clone());
        prop_assert_eq!(read.baton, baton);
        prop_assert!(matches!(read.requests[..], [proto::StreamRequest::Batch(_), proto::StreamRequest::Close(_)]));
    }

    #[test]
    fn rows_are_read_as_they_are(
        first in prop::collection::vec(prop::collection::vec(value(), 1), 0..3),
        rows in prop::collection::vec(prop::collection::vec(value(), 3), 0..6),
    ) {
        let results = vec![Some(result(&first)), None, None, Some(result(&rows))];
        let errors = vec![None, Some(error("no", "SQLITE_CONSTRAINT")), None, None];
        let bytes = answer(results, errors);
        let read = Answer::read(bytes.clone(), 4).expect("an answer");
        prop_assert_eq!((read.baton.as_deref(), read.base_url.as_deref()), (Some("baton"), Some("http://base")));
        prop_assert_eq!(read.first_rows(), Some(first.clone()));
        let outcome = read.outcome(&steps(4)).expect("an outcome").expect("a good one");
        prop_assert_eq!(outcome.rows(0).expect("rows"), &first[..]);
        prop_assert_eq!(outcome.rows(3).expect("rows"), &rows[..]);
        prop_assert_eq!(outcome.error(1).map(|error| error.kind), Some(ErrorKind::Constraint));
        prop_assert!(outcome.step(2).is_none());
        let (outcome, flat) = read.last_rows(&steps(4)).expect("an outcome").expect("a good one");
        prop_assert_eq!(values(&flat), rows);
        prop_assert_eq!(outcome.rows(3).map(<[_]>::len), Some(0));
        prop_assert_eq!(outcome.rows(0).expect("rows"), &first[..]);

        // of a part of it, what was there as a whole is read, and nothing else
        let whole = Answer::read(bytes.clone(), 4).expect("an answer").outcome(&steps(4)).expect("an outcome").ok();
        for end in 0..bytes.len().min(200) {
            if let Some(part) = Answer::read(bytes[..end].to_vec(), 4).and_then(|part| part.outcome(&steps(4))) {
                prop_assert_eq!(part.ok(), whole.clone());
            }
        }
        // the beginning tells the first rows as soon as they are there, and never others
        let heads: Vec<_> = (0..=bytes.len()).map(|end| Head::of(&bytes[..end])).collect();
        let told = heads.iter().position(Option::is_some).expect("the whole of it tells them");
        prop_assert!(heads[told..].iter().all(Option::is_some));
        for head in heads.into_iter().flatten() {
            prop_assert_eq!((&*head.baton, head.base_url.as_deref()), ("baton", Some("http://base")));
            prop_assert_eq!(head.first_rows, first.clone());
        }
        let behind = bytes.windows(17).position(|some| some == b"SQLITE_CONSTRAINT").expect("the error");
        prop_assert!(told < behind, "{told} of {}", bytes.len());
    }

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(answer) = Answer::read(bytes.clone(), 2) {
            let _ = (answer.first_rows(), answer.outcome(&steps(2)));
            let _ = answer.last_rows(&steps(2));
        }
        let _ = (Head::of(&bytes), error_text(&bytes));
    }
}

#[test]
fn an_answer_to_other_steps_is_refused() {
    let bytes = answer(vec![None, None, Some(result(&[]))], vec![None, None, None]);
    assert!(Answer::read(bytes.clone(), 2).is_none() && Answer::read(bytes, 3).is_some());
    for page in ["<!DOCTYPE html><p>hello", "{\"error\":\"no\"}", "not found"] {
        let read = Answer::read(page.as_bytes().to_vec(), 1);
        assert!(read.and_then(|answer| answer.outcome(&steps(1))).is_none(), "{page}");
    }
}

#[test]
fn rows_of_different_lengths_and_text_that_is_none_are_refused() {
    let row = |count: i64| (0..count).map(Value::Integer).collect::<Vec<_>>();
    let bytes = answer(vec![Some(result(&[row(2), row(3)]))], vec![None]);
    assert!(Answer::read(bytes, 1).expect("an answer").last_rows(&steps(1)).is_none());
    let bytes = answer(vec![Some(result(&[vec![Value::Text("abc".to_owned())]]))], vec![None]);
    let at = bytes.windows(3).position(|three| three == b"abc").expect("the text");
    let mut bytes = bytes;
    bytes[at] = 0xff;
    assert!(Answer::read(bytes, 1).expect("an answer").last_rows(&steps(1)).is_none());
}

#[test]
fn what_a_server_refuses_is_said_as_in_json() {
    let results = vec![proto::StreamResult::Error { error: error("too large", "RESPONSE_TOO_LARGE") }];
    let bytes = proto::PipelineRespBody { baton: None, base_url: None, results }.encode_to_vec();
    let refused =
        Answer::read(bytes, 1).expect("an answer").outcome(&steps(1)).expect("an outcome").expect_err("refused");
    assert_eq!(refused.kind, ErrorKind::TooLarge);
    let text = error_text(&error("expired", "STREAM_EXPIRED").encode_to_vec()).expect("an error");
    assert_eq!(String::from_utf8(text).unwrap(), r#"{"message":"expired","code":"STREAM_EXPIRED"}"#);
    assert_eq!(error_text(b"Received an invalid baton"), None);
}

//! Servers that have JSON only.

use super::*;

/// Protobuf is for whoever has it. What refuses it, or does not know what it is, is asked once more in JSON, and in nothing
/// else from then on.
#[test]
fn a_server_without_protobuf_is_asked_in_json() {
    for does in [
        Does::Answers(404, String::new()),
        Does::Answers(400, "expected value at line 1".into()),
        Does::Answers(415, "{\"error\":\"no\"}".into()),
        Does::Answers(200, "<!DOCTYPE html><p>hello".into()),
        Does::Answers(200, ONE.to_owned()),
    ] {
        let fake = Fake::new(200, vec![does, good()]);
        let client = fake.client(None);
        for _ in 0..2 {
            let mut stream = client.stream_of_rows();
            assert!(stream.run(&reading(), Then::Close, Patience::Timeout).unwrap().is_ok(0));
        }
        let lines: Vec<String> =
            fake.seen().iter().map(|seen| seen.split(' ').nth(1).unwrap_or_default().to_owned()).collect();
        assert_eq!(lines, ["/v3-protobuf/pipeline", "/v3/pipeline", "/v3/pipeline"]);
    }
    // what writes may have happened
    let fake = Fake::new(200, vec![Does::Answers(200, ONE.to_owned()), good()]);
    let error = fake.client(None).stream_of_rows().run(&writing(), Then::Close, Patience::Timeout).unwrap_err();
    assert_eq!((error.kind, fake.seen().len()), (ErrorKind::Lost, 1));
    // what refuses JSON as well is not for want of it
    let fake = Fake::new(200, vec![Does::Answers(401, "{\"error\":\"no\"}".into())]);
    let client = fake.client(None);
    for _ in 0..2 {
        let error = client.stream_of_rows().run(&reading(), Then::Close, Patience::Timeout).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
    }
    assert_eq!(fake.seen().iter().filter(|seen| seen.contains("/v3-protobuf/")).count(), 2);
}

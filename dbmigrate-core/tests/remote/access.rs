//! Tokens and namespaces: who is let in, and where.

use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::Options;
use dbmigrate_test_support::sqld;
use dbmigrate_test_support::sqld::Server;
use dbmigrate_test_support::token::Key;
use serde_json::json;

use super::{ask, client, client_with, kind, run};

const NAME: &str = "SELECT libsql_server_database_name()";

#[test]
fn a_refused_token_is_told_why() {
    let key = Key::generate();
    let options = sqld::Options::default().key(key.public()).namespaces();
    let Some(server) = options.start() else { return };
    let (foo, url) = (server.create_namespace("foo"), server.url());
    server.create_namespace("default");
    let read_only = key.token(&json!({"a": "ro"}));
    let for_foo = key.token(&json!({"id": "foo"}));
    let writes_foo = key.token(&json!({"p": {"rw": {"ns": ["foo"]}}}));
    let everything = key.token(&json!({}));

    assert_eq!(ask(&client(&url, Some(&everything)), NAME).unwrap(), "default");
    for token in [&for_foo, &writes_foo, &everything] {
        assert_eq!(ask(&client(&foo, Some(token)), NAME).unwrap(), "foo");
        assert!(run(&client(&foo, Some(token)), &["CREATE TABLE IF NOT EXISTS t(a)"]).unwrap().is_ok(0));
    }
    assert_eq!(ask(&client(&url, Some(&read_only)), NAME).unwrap(), "default");

    for (url, token, wanted, message) in [
        (&url, None, ErrorKind::Unauthorized, "`URL` requires a token, and none is set"),
        (&url, Some(key.expired()), ErrorKind::Unauthorized, "the token for `URL` expired 1 hour ago"),
        (
            &url,
            Some("rubbish".to_owned()),
            ErrorKind::Unauthorized,
            "`URL` does not accept the token: it is not a \
                                                                     JWT",
        ),
        (
            &url,
            Some(Key::generate().token(&json!({}))),
            ErrorKind::Unauthorized,
            "`URL` does not accept the token: it is for another server, or is damaged: The JWT is invalid",
        ),
        (&url, Some(read_only.clone()), ErrorKind::Forbidden, "the token for `URL` is read-only"),
        (
            &url,
            Some(for_foo.clone()),
            ErrorKind::NoSuchDatabase,
            "the token for `URL` is for the database `foo`, not for this one: Namespace `default` doesn't exist",
        ),
        (
            &url,
            Some(writes_foo),
            ErrorKind::NoSuchDatabase,
            "the token for `URL` is for the database `foo`, not for this one: Namespace `default` doesn't exist",
        ),
    ] {
        let (kind, said) = kind(run(&client(url, token.as_deref()), &["CREATE TABLE x(a)"]));
        assert_eq!((kind, said.replace(url.as_str(), "URL").as_str()), (wanted, message));
    }
}

#[test]
fn a_namespace_is_chosen_by_host_path_or_option() {
    let Some(server) = sqld::Options::default().namespaces().start() else { return };
    let foo = server.create_namespace("foo");
    server.create_namespace("bar");
    let url = server.url();
    assert_eq!(ask(&client(&foo, None), NAME).unwrap(), "foo");
    assert_eq!(ask(&client(&format!("{url}/dev/foo"), None), NAME).unwrap(), "foo");
    let bar = || Options { namespace: Some("bar".into()), ..Options::default() };
    assert_eq!(ask(&client_with(&url, None, bar()), NAME).unwrap(), "bar");
    assert_eq!(ask(&client_with(&foo, None, bar()), NAME).unwrap(), "bar");

    let nowhere = format!("{url}/dev/nope");
    let (wanted, message) = kind(ask(&client(&nowhere, None), NAME));
    assert_eq!(wanted, ErrorKind::NoSuchDatabase);
    assert_eq!(message, format!("`{nowhere}` has no such database: Namespace `nope` doesn't exist"));
    // a host without a name is one with the name 127
    let bare = format!("http://{}", server.address());
    let (wanted, message) = kind(ask(&client(&bare, None), NAME));
    assert_eq!(wanted, ErrorKind::NoSuchDatabase);
    assert!(message.ends_with("(a server with namespaces reads `127` as one: use `localhost`)"), "{message}");
}

#[test]
fn a_server_without_namespaces_is_found_by_address_and_by_any_name_of_this_machine() {
    let Some(server) = Server::start() else { return };
    for url in [server.url(), format!("http://{}", server.address()), format!("ws://any.localhost:{}", server.port())] {
        assert_eq!(ask(&client(&url, None), NAME).unwrap(), "default", "{url}");
    }
    let libsql = format!("libsql://localhost:{}?tls=0", server.port());
    assert_eq!(ask(&client(&libsql, None), NAME).unwrap(), "default");
}

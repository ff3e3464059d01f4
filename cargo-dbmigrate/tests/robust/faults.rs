//! Servers that stop answering, answer with errors or rubbish, or hang up, at each request of a run: it says what state
//! the database is in, that is true, and the next run does the rest.

use dbmigrate_test_support::proxy::{Answer, Delivered, Fault};

use crate::death::must_be_true;
use crate::project::Run;
use crate::server::OnServer;
use crate::story::Story;
use crate::subject::{Subject, command, migrate, pictures};

const DELIVERED: [Delivered; 3] = [Delivered::Nothing, Delivered::First(700), Delivered::All];

/// Silence of one request alone is that of a long statement, which is waited for as long as the server is alive.
const ANSWERS: [Answer; 5] = [Answer::Nothing, Answer::HangUp, Answer::First(60), Answer::Status(503), Answer::Page];

#[test]
fn whatever_a_server_answers_to_whichever_request_the_state_that_is_told_is_true() {
    let story = Story::new(200);
    let Some(mut server) = OnServer::new(&story) else { return };
    let pictures = pictures(&story, &mut server);
    let requests = server.requests(|server| drop(migrate(&story, server, &[])));
    assert!((2..=4).contains(&requests), "a run takes {requests} requests");
    let (mut failed, mut settled) = (0, 0);
    for nth in 0..requests {
        for (delivered, answer) in DELIVERED.into_iter().flat_map(|delivered| ANSWERS.map(|answer| (delivered, answer)))
        {
            server.restore();
            server.fail(nth, Fault { delivered, answer });
            let run = Run::of(&mut command(&story, &server, &["migrate", "--timeout", "1"]));
            server.heal();
            let picture = server.look();
            let applied = picture.history.len();
            let when =
                format!("request {nth}, {delivered:?} of it delivered, {answer:?} answered: {}{}", run.out, run.err);
            picture.must_be(&pictures[applied], &when);
            must_be_true(&story, &run, applied, true);
            failed += usize::from(run.code != 0);
            settled += usize::from(run.code == 0);
            migrate(&story, &server, &[]);
            server.look().must_be(&pictures[story.len()], &when);
        }
    }
    // what only reads is sent again, and what was done after all is found in the history
    assert!(failed > 10 && settled > 10, "{failed} failed, {settled} did not");
}

//! Answers to a loss that keep what would be lost.

use dbmigrate_core::plan::Question;

/// Whether a command keeps what it drops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// It does not, and cannot or is not to be asked to.
    #[default]
    Never,
    /// It does if somebody asks for that; the number of the migration.
    IfAsked(u32),
    /// It does, because that was asked for, or is configured: what is dropped is said by name all the same.
    ByDefault,
    /// It does, and that is all there is to say of a loss: nothing is lost.
    Typed,
}

impl Keeps {
    /// Whether something is kept.
    pub(super) fn is_on(self) -> bool {
        matches!(self, Self::ByDefault | Self::Typed)
    }
}

/// What keeps values or rows, in words.
pub(super) const ASIDE: &str = "drop, but keep its values for a revert";

/// Whether a question is about a loss.
fn is_loss(question: &Question) -> bool {
    matches!(question, Question::TableGone { .. } | Question::ColumnGone { .. } | Question::BecomesGenerated { .. })
}

/// Whether a question is about a loss and nothing else: nothing that is new may be what is gone.
pub(super) fn is_loss_alone(question: &Question) -> bool {
    match question {
        Question::TableGone { candidates, may_stay, .. } => candidates.is_empty() && !may_stay,
        Question::ColumnGone { candidates, .. } => candidates.is_empty(),
        Question::BecomesGenerated { .. } => true,
        _ => false,
    }
}

/// The flags that answer a question, with those that keep what would be lost.
pub(super) fn answers(question: &Question, keeps: Keeps, can_keep: bool) -> Vec<(String, String)> {
    let mut answers = question.answers();
    if !can_keep || keeps == Keeps::Never || !is_loss(question) {
        return answers;
    }
    let (lint, _) = question.lint();
    let accepts = |(_, flag): &(String, String)| flag.starts_with(&format!("--accept {lint}:"));
    let Some(at) = answers.iter().position(accepts) else { return answers };
    let accept = answers[at].1.clone();
    let its = format!("its {}s", lint.noun());
    let words = match (is_loss_alone(question), question) {
        (false, _) => format!("if not, to keep {its} for a revert"),
        (true, Question::BecomesGenerated { .. }) => format!("to keep {its} for a revert"),
        (true, _) => format!("to drop it, but keep {its} for a revert"),
    };
    match keeps {
        Keeps::IfAsked(_) if is_loss_alone(question) => answers.insert(at + 1, (words, "--keep".to_owned())),
        Keeps::IfAsked(_) => answers.insert(at + 1, (words, format!("{accept} --keep"))),
        _ => {
            answers[at].0 = words;
            let for_good = match is_loss_alone(question) {
                true => format!("if {its} are no longer needed"),
                false => format!("if not, and {its} are no longer needed"),
            };
            answers.insert(at + 1, (for_good, format!("{accept} --no-keep")));
        }
    }
    answers
}

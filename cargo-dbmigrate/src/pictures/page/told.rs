//! A card that had another form before, told by what is other: of a table with many columns, a migration changes few.
//!
//! What is told is an object with `of`, the number of the earlier form, the fields that are others, and in `no` the
//! names of those that are gone. Of a list that begins or ends as it did, `{"~": [FRONT, BACK, …]}` has how many at the
//! front and at the back stay, and then what stands between.

use serde_json::{Map, Value, json};

/// The cards, of which those with an earlier form are told by it.
pub(super) fn told(cards: Vec<Value>, earlier: &[Option<usize>]) -> Vec<Value> {
    let short = |(at, card): (usize, &Value)| {
        let of = earlier.get(at).copied().flatten()?;
        Some(by(of, cards.get(of)?.as_object()?, card.as_object()?))
    };
    let short: Vec<Option<Value>> = cards.iter().enumerate().map(short).collect();
    short.into_iter().zip(cards).map(|(short, card)| short.unwrap_or(card)).collect()
}

fn by(of: usize, earlier: &Map<String, Value>, card: &Map<String, Value>) -> Value {
    let mut told = Map::new();
    told.insert("of".to_owned(), json!(of));
    for (field, value) in card.iter().filter(|(field, value)| earlier.get(*field) != Some(value)) {
        told.insert(field.clone(), part(earlier.get(field), value));
    }
    let gone: Vec<&String> = earlier.keys().filter(|field| !card.contains_key(*field)).collect();
    if !gone.is_empty() {
        told.insert("no".to_owned(), json!(gone));
    }
    Value::Object(told)
}

/// A list by what is other in it, if it has a part of what it was.
fn part(earlier: Option<&Value>, value: &Value) -> Value {
    let (Some(Value::Array(old)), Value::Array(new)) = (earlier, value) else { return value.clone() };
    let front = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let ends = old[front..].iter().rev().zip(new[front..].iter().rev());
    let back = ends.take_while(|(one, other)| one == other).count();
    if front + back == 0 {
        return value.clone();
    }
    let mut told = vec![json!(front), json!(back)];
    told.extend_from_slice(&new[front..new.len() - back]);
    json!({ "~": told })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the page makes of it.
    fn whole(told: &[Value]) -> Vec<Value> {
        let mut cards: Vec<Value> = Vec::new();
        for card in told {
            let Some(of) = card.get("of").and_then(Value::as_u64) else {
                cards.push(card.clone());
                continue;
            };
            let earlier = cards[usize::try_from(of).expect("small")].clone();
            let mut made = earlier.clone();
            for (field, value) in card.as_object().expect("a card") {
                match (field.as_str(), value.get("~").and_then(Value::as_array)) {
                    ("of" | "no", _) => {}
                    (_, Some(parts)) => {
                        let old = earlier[field].as_array().expect("a list");
                        let count = |at: usize| usize::try_from(parts[at].as_u64().expect("a count")).expect("small");
                        let back = old.len() - count(1);
                        made[field] = json!([&old[..count(0)], &parts[2..], &old[back..]].concat());
                    }
                    _ => made[field] = value.clone(),
                }
            }
            for gone in card.get("no").and_then(Value::as_array).into_iter().flatten() {
                made.as_object_mut().expect("a card").remove(gone.as_str().expect("a name"));
            }
            cards.push(made);
        }
        cards
    }

    #[test]
    fn a_column_more_costs_no_second_card() {
        let columns: Vec<usize> = (0..200).collect();
        let more = [&columns[..100], &[999], &columns[100..]].concat();
        let cards = vec![json!({"name": "a", "columns": columns}), json!({"name": "a", "columns": more})];
        let told = told(cards, &[None, Some(0)]);
        assert_eq!(told[1], json!({"of": 0, "columns": {"~": [100, 100, 999]}}));
    }

    proptest! {
        #[test]
        fn what_is_told_is_the_same(
            forms in proptest::collection::vec(
                proptest::collection::btree_map("[abc]", proptest::prop_oneof![
                    proptest::collection::vec(0..4, 0..6).prop_map(|list| json!(list)),
                    "[xy]".prop_map(Value::from),
                ], 0..4),
                1..8,
            )
        ) {
            let cards: Vec<Value> = forms.into_iter().map(|form| json!(form)).collect();
            let earlier: Vec<Option<usize>> = (0..cards.len()).map(|at| at.checked_sub(1 + at % 2)).collect();
            prop_assert_eq!(whole(&told(cards.clone(), &earlier)), cards);
        }
    }
}

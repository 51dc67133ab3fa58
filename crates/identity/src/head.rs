//! Which party gives a customer its id: B7.

use onefold_event::{Micros, Subject};

/// The earliest of a customer's parties, whose id ([`onefold_event::party_id`]) the customer bears: the least (`recorded_at` of any event about or naming it, key).
pub fn find_head<'a>(parties: impl IntoIterator<Item = (&'a Subject, Micros)>) -> Option<&'a Subject> {
    parties.into_iter().min_by_key(|(party, since)| (*since, *party)).map(|(party, _)| party)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_party_gives_the_id() {
        let [a, b, c] = ["party:x:a", "party:x:b", "party:x:c"].map(|key| key.parse::<Subject>().unwrap());
        assert_eq!(find_head([(&a, 3), (&c, 2), (&b, 2)]), Some(&b));
        assert_eq!(find_head([]), None);
    }
}

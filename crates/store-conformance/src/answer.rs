//! What claims ask of a store, and must be answered.

use std::sync::LazyLock;

use onefold_customer::CustomerReader;
use onefold_identity::IdentityRules;
use onefold_store::{Store, StoreError};

/// The customers of a store that was made under the rules that hubs begin with.
pub(crate) fn customers(store: &dyn Store) -> CustomerReader<'_> {
    static RULES: LazyLock<IdentityRules> = LazyLock::new(IdentityRules::default);
    CustomerReader::new(store, &RULES)
}

/// What a store answered.
pub(crate) fn done<T>(answer: Result<T, StoreError>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(error) => panic!("the store did not answer: {error}"),
    }
}

/// What must be there.
pub(crate) fn some<T>(found: Option<T>) -> T {
    match found {
        Some(found) => found,
        None => panic!("nothing is there"),
    }
}

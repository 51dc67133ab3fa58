//! What one may ask of the hub.

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use onefold_connect::Hooks;
use onefold_customer::CustomerReader;
use onefold_door::Door;
use onefold_event::{KeyRing, Micros};
use onefold_identity::IdentityRules;
use onefold_log::Log;
use onefold_stage::HealthRegistry;
use onefold_store::Store;

use crate::writes::Writes;

/// The hub as its faces see it. Without a door it only reads.
#[derive(Clone)]
pub struct Service {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) door: Option<Door>,
    pub(crate) rules: IdentityRules,
    pub(crate) keys: Arc<dyn KeyRing>,
    /// In whose national form phones are said; empty: none is assumed.
    pub(crate) region: String,
    pub(crate) health: HealthRegistry,
    /// In which a day that is given as a clock is meant.
    pub(crate) zone: TimeZone,
    /// When the log's first record was taken in, once somebody asked.
    pub(crate) first_recorded: Arc<OnceLock<Micros>>,
    /// Where whether they succeed is part of health.
    pub(crate) writes: Option<Writes>,
    /// What is posted to connectors, where this process takes it.
    pub(crate) hooks: Option<Hooks>,
}

impl Service {
    /// A service over a log and a read model, under these rules of identity, which shows of sealed parts what these keys
    /// open. Without a door it only reads.
    pub fn new(
        log: Arc<dyn Log>,
        store: Arc<dyn Store>,
        door: Option<Door>,
        rules: IdentityRules,
        keys: Arc<dyn KeyRing>,
    ) -> Self {
        let (health, zone) = (HealthRegistry::default(), TimeZone::UTC);
        Self {
            log,
            store,
            door,
            rules,
            keys,
            region: String::new(),
            health,
            zone,
            first_recorded: Arc::default(),
            writes: None,
            hooks: None,
        }
    }

    /// Customers as the read model has them.
    pub(crate) fn customers(&self) -> CustomerReader<'_> {
        CustomerReader::new(&*self.store, &self.rules)
    }

    /// The same where days that are given as clocks are meant in this zone; else in UTC.
    #[must_use]
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// In which days are meant: those of clocks, and today.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The same where phones are said in the national form of a region, such as `DE`; empty: of none.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// The same with the stages whose health it is to tell.
    #[must_use]
    pub fn watching(mut self, health: HealthRegistry) -> Self {
        self.health = health;
        self
    }

    /// The same with what may be posted to connectors.
    #[must_use]
    pub fn taking_posts(mut self, hooks: Hooks) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// The same where a write that failed is part of health until another succeeds. That is for a hub that nobody is kept from
    /// writing to by its being unwell.
    #[must_use]
    pub fn watching_writes(mut self) -> Self {
        self.writes = Some(Writes::default());
        self
    }
}

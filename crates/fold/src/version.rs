//! Which program derived what stands in a read model.

/// Version of all that is derived from events: keys, fragments, contributions, bundles, clusters. Whoever changes what the
/// same events give raises it by one. A read model keeps the version that it was derived by. One of another version can be
/// neither continued nor read, since its rows do not mean what this program takes them for; it is made again from the log.
/// A read model from before versions were kept is of version 1.
pub const FOLD_VERSION: u32 = 5;

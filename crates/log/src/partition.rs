//! Where a key goes: Kafka's own default hash, so that outside producers agree with ours.

const SEED: u32 = 0x9747_b28c;
const M: u32 = 0x5bd1_e995;

/// The partition of a key: murmur2 as Kafka's Java client and librdkafka's `murmur2_random`
/// compute it, sign bit cleared, mod the number of partitions. Computed by the producer and
/// frozen for ever. A topic has at least one partition; asked for none, the answer is 0.
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff).checked_rem(partitions).unwrap_or(0)
}

fn murmur2(data: &[u8]) -> u32 {
    // Kafka's lengths are 32 bits wide.
    let mut h = SEED ^ (data.len() as u32);
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = word.iter().rev().fold(0u32, |k, byte| (k << 8) | u32::from(*byte));
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        k = k.wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let k = rest.iter().rev().fold(0u32, |k, byte| (k << 8) | u32::from(*byte));
        h = (h ^ k).wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of Kafka's `UtilsTest.testMurmur2`, and more published from its hash.
    const PUBLISHED: &[(&str, i32)] = &[
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
        ("1", -1_993_445_489),
        ("12", 126_087_238),
        ("123", -267_702_483),
        ("1234", -1_614_185_708),
        ("12345", -1_188_365_604),
    ];

    #[test]
    fn the_hash_is_kafkas_murmur2() {
        for (key, hash) in PUBLISHED {
            assert_eq!(murmur2(key.as_bytes()) as i32, *hash, "{key}");
        }
    }

    #[test]
    fn the_partition_is_the_positive_hash_mod_n() {
        for (key, hash) in PUBLISHED {
            for n in [1u32, 3, 8, 12] {
                let expected = (*hash & 0x7fff_ffff) as u32 % n;
                assert_eq!(partition_of(key.as_bytes(), n), expected, "{key} of {n}");
            }
        }
    }

    #[test]
    fn the_partitions_of_subjects_are_frozen() {
        let of_eight = |key: &str| partition_of(key.as_bytes(), 8);
        assert_eq!(
            [
                of_eight("order:erp:SO-1001"),
                of_eight("party:uci:18102"),
                of_eight("invoice:uci:C496350"),
                of_eight("party:crm:王伟"),
                of_eight(""),
            ],
            FROZEN
        );
    }

    const FROZEN: [u32; 5] = [0, 5, 0, 0, 1];

    #[test]
    fn keys_that_count_up_spread_evenly() {
        let mut held = [0u32; 8];
        for n in 0..80_000 {
            held[partition_of(format!("order:erp:SO-{n}").as_bytes(), 8) as usize] += 1;
        }
        assert!(held.iter().all(|n| (9_500..10_500).contains(n)), "{held:?}");
    }

    #[test]
    fn no_partitions_is_answered_with_zero() {
        assert_eq!(partition_of(b"key", 0), 0);
    }
}

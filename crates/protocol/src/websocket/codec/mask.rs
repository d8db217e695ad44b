//! The masking of what clients send (RFC 6455, section 5.3).

/// Masks or unmasks a part of a payload that begins `offset` bytes into it.
pub(crate) fn mask(bytes: &mut [u8], key: [u8; 4], offset: usize) {
    let key: [u8; 4] = std::array::from_fn(|index| key[(index + offset) % 4]);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_masked_as_the_whole_is(
            payload in proptest::collection::vec(any::<u8>(), 0..200),
            key: [u8; 4],
            cut in 0_usize..200,
        ) {
            let expected: Vec<u8> = payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
            let mut masked = payload.clone();
            let cut = cut.min(payload.len());
            let (first, second) = masked.split_at_mut(cut);
            mask(first, key, 0);
            mask(second, key, cut);
            prop_assert_eq!(masked, expected);
        }
    }
}

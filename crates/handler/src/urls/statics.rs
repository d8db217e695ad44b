//! Fixed texts by which a tree goes on: a small hash table, so that a thousand cost as much as ten.

/// Up to so many are compared one by one, which is quicker than hashing.
const FEW: usize = 4;

/// Children by their text.
#[derive(Debug)]
pub(super) struct Statics<T> {
    entries: Vec<(Box<str>, T)>,
    /// One more than the number of an entry, at the place of its hash or behind it; zero is free. At most half full.
    table: Vec<u32>,
}

impl<T> Default for Statics<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            table: Vec::new(),
        }
    }
}

/// FNV-1a. Keys are the program's own, so nobody from outside chooses what collides.
fn hash(text: &str) -> usize {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits are looked at.
    (hash ^ (hash >> 32)) as usize
}

impl<T> Statics<T> {
    /// The child for this text; `step` is called for each key that is compared.
    pub(super) fn find(&self, text: &str, mut step: impl FnMut()) -> Option<&T> {
        if self.entries.len() <= FEW {
            let entry = self.entries.iter().find(|(key, _)| {
                step();
                **key == *text
            });
            return entry.map(|(_, child)| child);
        }
        let mut at = hash(text);
        loop {
            let number = self.table[at & (self.table.len() - 1)] as usize;
            let (key, child) = self.entries.get(number.checked_sub(1)?)?;
            step();
            if **key == *text {
                return Some(child);
            }
            at += 1;
        }
    }

    /// The child for this text, made if it is not there.
    pub(super) fn entry(&mut self, text: &str) -> &mut T
    where
        T: Default,
    {
        let at = match self.number(text) {
            Some(at) => at,
            None => {
                self.entries.push((text.into(), T::default()));
                self.rebuild();
                self.entries.len() - 1
            }
        };
        &mut self.entries[at].1
    }

    fn number(&self, text: &str) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(key, _)| **key == *text);
        }
        let mut at = hash(text);
        loop {
            let number = (self.table[at & (self.table.len() - 1)] as usize).checked_sub(1)?;
            if *self.entries[number].0 == *text {
                return Some(number);
            }
            at += 1;
        }
    }

    /// Puts the last entry into the table, which grows where it would be more than half full.
    fn rebuild(&mut self) {
        let count = self.entries.len();
        if count <= FEW {
            return;
        }
        let first = if count * 2 > self.table.len() {
            self.table = vec![0; (count * 4).next_power_of_two()];
            0
        } else {
            count - 1
        };
        for number in first..count {
            let mask = self.table.len() - 1;
            let mut at = hash(&self.entries[number].0) & mask;
            while self.table[at] != 0 {
                at = (at + 1) & mask;
            }
            // Four billion routes do not fit into memory.
            self.table[at] = u32::try_from(number + 1).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        for count in [0, 1, 4, 5, 6, 100, 1000] {
            let mut statics = Statics::<usize>::default();
            for number in 0..count {
                *statics.entry(&format!("page-{number}")) = number;
            }
            for number in 0..count {
                assert_eq!(statics.find(&format!("page-{number}"), || {}), Some(&number));
                assert_eq!(*statics.entry(&format!("page-{number}")), number);
            }
            assert_eq!(statics.find("another", || {}), None);
        }
    }
}

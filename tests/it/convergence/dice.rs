//! A small generator of numbers, so that a case is its number.

/// Numbers that are the same in every run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(case: u64) -> Self {
        Self(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// A number below `sides` (splitmix64).
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let sides = u64::try_from(sides).expect("a small number");
        usize::try_from((mixed ^ (mixed >> 31)) % sides).expect("below a small number")
    }

    pub(super) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub(super) fn pick<'of, T>(&mut self, of: &'of [T]) -> &'of T {
        &of[self.roll(of.len())]
    }

    /// Some of a list: each with a chance of one in `sides`, in the list's order.
    pub(super) fn some<'of, T>(&mut self, of: &'of [T], sides: usize) -> Vec<&'of T> {
        of.iter().filter(|_| self.one_in(sides)).collect()
    }
}

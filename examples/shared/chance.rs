//! Chance that is the same every time (`SplitMix64`). In: where it begins. Out: numbers. Must not know: what they decide.

/// By how much the state goes on; seeds that are near to each other are multiplied by it.
pub const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The state.
pub struct Chance(pub u64);

impl Chance {
    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below another, which is not 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }
}

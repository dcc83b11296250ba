//! Chance from a seed, so that a run can be repeated.

/// xorshift64*: small, fast, good enough to choose targets and moments.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator for `seed`; neighbouring seeds give unrelated streams.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number in `0..below`; `below` is not 0.
    pub fn below(&mut self, below: u32) -> u32 {
        let [_, _, _, _, a, b, c, d] = (u64::from(below) * (self.bits() >> 32)).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// One of `these`; there is one.
    pub fn one_of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        let below = u32::try_from(these.len()).unwrap_or(u32::MAX);
        &these[self.below(below) as usize]
    }

    /// True once in `in_so_many` calls, on average.
    pub fn one_in(&mut self, in_so_many: u32) -> bool {
        self.below(in_so_many) == 0
    }
}

@preconcurrency import CGSL

/// Pseudo-random numbers from the GNU Scientific Library's Mersenne Twister (Matsumoto and Nishimura, 1998), the same for
/// a seed on every machine.
struct RandomNumbers: ~Copyable {
  private let state: UnsafeMutablePointer<gsl_rng>

  /// A stream for a seed.
  /// - Throws: `ProbeError.statistics` without memory for the state.
  init(seed: UInt64) throws(ProbeError) {
    GSLCalls.prepare()
    guard let state = gsl_rng_alloc(gsl_rng_mt19937) else {
      throw .statistics(routine: "gsl_rng_alloc", message: "no memory for a generator")
    }
    gsl_rng_set(state, UInt(seed))
    self.state = state
  }

  deinit { gsl_rng_free(state) }

  /// Uniform in `0..<bound`, without bias.
  mutating func index(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "an index below \(bound)")
    return Int(gsl_rng_uniform_int(state, UInt(bound)))
  }
}

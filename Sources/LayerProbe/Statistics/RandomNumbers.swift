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

  /// The numbers 0 to `count` - 1 in a random order, each order as likely (Fisher and Yates).
  mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) { order.swapAt(place, index(below: place + 1)) }
    return order
  }

  /// Independent numbers of a normal distribution with mean 0 (Marsaglia and Tsang's ziggurat).
  mutating func normals(_ count: Int, standardDeviation: Double) -> [Float] {
    (0..<count).map { _ in Float(gsl_ran_gaussian_ziggurat(state, standardDeviation)) }
  }
}

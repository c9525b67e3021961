import ArgumentParser
import Decoders

extension MatrixProducts: ExpressibleByArgument, CaseIterable {
  /// All, whether or not this processor has them.
  public static var allCases: [MatrixProducts] { [.amx, .avx512, .avx2, .openBLAS] }

  /// Reads a name.
  public init?(argument: String) {
    guard let products = Self.allCases.first(where: { $0.argument == argument }) else { return nil }
    self = products
  }

  /// What the products are called on the command line and in tables.
  public var argument: String {
    switch self {
    case .amx: "amx"
    case .avx512: "avx512"
    case .avx2: "avx2"
    case .openBLAS: "openblas"
    }
  }

  /// All names.
  public static var allValueStrings: [String] { allCases.map(\.argument) }
}

import Foundation
import LayerProbe
import Testing

/// GSL's own CBLAS defines `cblas_sgemm` too; linked first it would silently take OpenBLAS's place.
@Suite struct BLASResolutionTests {
  /// `dladdr`, which the C library's module does not show to Swift: it is declared for GNU sources only.
  private typealias AddressLookup = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer) -> Int32

  @Test(arguments: ["cblas_sgemm", "cblas_dgemm"])
  func `matrix products come from OpenBLAS although GSL is linked as well`(symbol: String) throws {
    try #require(rankCorrelation([1, 2], [1, 2]) != nil, "GSL is in this process")
    let product = try #require(dlsym(nil, symbol), "\(symbol) is not loaded")
    let lookup = unsafeBitCast(try #require(dlsym(nil, "dladdr")), to: AddressLookup.self)
    // Dl_info: the file's name, its base, the symbol's name, its address.
    var information: [UnsafePointer<CChar>?] = [nil, nil, nil, nil]
    try #require(lookup(product, &information) != 0)
    let library = String(cString: try #require(information[0]))
    #expect(library.contains("openblas"), "\(symbol) comes from \(library)")
  }
}

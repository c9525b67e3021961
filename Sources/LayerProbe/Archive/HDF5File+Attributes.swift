import CHDF5

/// Numbers and text attached to groups and arrays.
extension HDF5File {
  /// Attaches a number to a group or an array.
  func setAttribute(_ name: String, of object: String, to value: Int64) throws(ProbeError) {
    try setAttribute(name, object, stored: elo_h5t_std_i64le(), native: elo_h5t_native_int64(), [value])
  }

  /// Attaches UTF-8 text to a group or an array.
  func setAttribute(_ name: String, of object: String, to text: String) throws(ProbeError) {
    let type = try makeTextType(byteCount: text.utf8.count, name)
    // HDF5 has no text of length 0.
    let bytes = text.isEmpty ? [0] : Array(text.utf8)
    try setAttribute(name, object, stored: type.id, native: type.id, bytes)
  }

  /// The number attached to a group or an array.
  func integerAttribute(_ name: String, of object: String) throws(ProbeError) -> Int64 {
    let attribute = try openAttribute(name, of: object)
    var value: Int64 = 0
    try check(H5Aread(attribute.id, elo_h5t_native_int64(), &value), "H5Aread", "\(object), attribute \(name)")
    return value
  }

  /// The text attached to a group or an array.
  func textAttribute(_ name: String, of object: String) throws(ProbeError) -> String {
    let attribute = try openAttribute(name, of: object)
    let type = try HDF5Handle(
      H5Aget_type(attribute.id), file: path, routine: "H5Aget_type", object: name, close: H5Tclose)
    var bytes = Array(repeating: UInt8(0), count: H5Tget_size(type.id))
    let status = bytes.withUnsafeMutableBytes { H5Aread(attribute.id, type.id, $0.baseAddress) }
    try check(status, "H5Aread", "\(object), attribute \(name)")
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func setAttribute<Element: BitwiseCopyable>(
    _ name: String, _ object: String, stored: hid_t, native: hid_t, _ values: [Element]
  ) throws(ProbeError) {
    let owner = try open(object)
    let space = try HDF5Handle(
      H5Screate(H5S_SCALAR), file: path, routine: "H5Screate", object: name, close: H5Sclose)
    let attribute = try HDF5Handle(
      H5Acreate2(owner.id, name, stored, space.id, elo_h5p_default(), elo_h5p_default()), file: path,
      routine: "H5Acreate2", object: "\(object), attribute \(name)", close: H5Aclose)
    let status = values.withUnsafeBytes { H5Awrite(attribute.id, native, $0.baseAddress) }
    try check(status, "H5Awrite", "\(object), attribute \(name)")
  }

  private func openAttribute(_ name: String, of object: String) throws(ProbeError) -> HDF5Handle {
    let owner = try open(object)
    return try HDF5Handle(
      H5Aopen(owner.id, name, elo_h5p_default()), file: path, routine: "H5Aopen",
      object: "\(object), attribute \(name)", close: H5Aclose)
  }
}

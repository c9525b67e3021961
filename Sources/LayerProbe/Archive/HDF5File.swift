import CHDF5
import Foundation

/// One HDF5 file: groups, f64 and i64 arrays, text and number attributes.
///
/// Used inside `HDF5Access.exclusively`.
struct HDF5File: ~Copyable {
  private let path: String
  private let file: HDF5Handle

  /// Makes a file, in place of one that is there.
  init(creating url: URL) throws(ProbeError) {
    path = url.path
    file = try HDF5Handle(
      H5Fcreate(path, elo_h5f_acc_trunc(), elo_h5p_default(), elo_h5p_default()), file: path, routine: "H5Fcreate",
      object: "the file", close: H5Fclose)
  }

  /// Opens a file to read.
  init(reading url: URL) throws(ProbeError) {
    path = url.path
    file = try HDF5Handle(
      H5Fopen(path, elo_h5f_acc_rdonly(), elo_h5p_default()), file: path, routine: "H5Fopen", object: "the file",
      close: H5Fclose)
  }

  // MARK: Groups

  /// Makes a group; the groups above it must be there.
  func makeGroup(_ name: String) throws(ProbeError) {
    _ = try HDF5Handle(
      H5Gcreate2(file.id, name, elo_h5p_default(), elo_h5p_default(), elo_h5p_default()), file: path,
      routine: "H5Gcreate2", object: name, close: H5Gclose)
  }

  /// The names of what lies directly in a group, in alphabetical order.
  func members(of group: String) throws(ProbeError) -> [String] {
    let handle = try open(group)
    var information = H5G_info_t()
    try check(H5Gget_info(handle.id, &information), "H5Gget_info", group)
    var names: [String] = []
    for index in 0..<information.nlinks {
      let length = H5Lget_name_by_idx(
        handle.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, elo_h5p_default())
      guard length > 0 else { throw .archive(file: path, routine: "H5Lget_name_by_idx", object: group) }
      var bytes = Array(repeating: CChar(0), count: length + 1)
      _ = H5Lget_name_by_idx(
        handle.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &bytes, bytes.count, elo_h5p_default())
      names.append(String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    return names
  }

  // MARK: Arrays

  /// Writes an f64 array of a shape, little-endian.
  func write(_ values: [Double], shape: [Int], to name: String) throws(ProbeError) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    try write(values, shape, name, stored: elo_h5t_ieee_f64le(), native: elo_h5t_native_double())
  }

  /// Writes a list of i64, little-endian.
  func write(_ values: [Int64], to name: String) throws(ProbeError) {
    try write(values, [values.count], name, stored: elo_h5t_std_i64le(), native: elo_h5t_native_int64())
  }

  /// An f64 array and its shape.
  func doubles(_ name: String) throws(ProbeError) -> (values: [Double], shape: [Int]) {
    try read(name, native: elo_h5t_native_double(), zero: 0.0)
  }

  /// An i64 array.
  func integers(_ name: String) throws(ProbeError) -> [Int64] {
    try read(name, native: elo_h5t_native_int64(), zero: 0 as Int64).values
  }

  private func write<Element: BitwiseCopyable>(
    _ values: [Element], _ shape: [Int], _ name: String, stored: hid_t, native: hid_t
  ) throws(ProbeError) {
    let space = try makeSpace(shape, name)
    let set = try HDF5Handle(
      H5Dcreate2(file.id, name, stored, space.id, elo_h5p_default(), elo_h5p_default(), elo_h5p_default()),
      file: path, routine: "H5Dcreate2", object: name, close: H5Dclose)
    let status = values.withUnsafeBytes {
      H5Dwrite(set.id, native, elo_h5s_all(), elo_h5s_all(), elo_h5p_default(), $0.baseAddress)
    }
    try check(status, "H5Dwrite", name)
  }

  private func read<Element: BitwiseCopyable>(
    _ name: String, native: hid_t, zero: Element
  ) throws(ProbeError) -> (values: [Element], shape: [Int]) {
    let set = try HDF5Handle(
      H5Dopen2(file.id, name, elo_h5p_default()), file: path, routine: "H5Dopen2", object: name, close: H5Dclose)
    let space = try HDF5Handle(
      H5Dget_space(set.id), file: path, routine: "H5Dget_space", object: name, close: H5Sclose)
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank >= 0 else { throw .archive(file: path, routine: "H5Sget_simple_extent_ndims", object: name) }
    var extents = Array(repeating: hsize_t(0), count: Int(rank))
    try check(H5Sget_simple_extent_dims(space.id, &extents, nil), "H5Sget_simple_extent_dims", name)
    let shape = extents.map(Int.init)
    var values = Array(repeating: zero, count: shape.reduce(1, *))
    let status = values.withUnsafeMutableBytes {
      H5Dread(set.id, native, elo_h5s_all(), elo_h5s_all(), elo_h5p_default(), $0.baseAddress)
    }
    try check(status, "H5Dread", name)
    return (values, shape)
  }

  private func makeSpace(_ shape: [Int], _ name: String) throws(ProbeError) -> HDF5Handle {
    let extents = shape.map(hsize_t.init)
    return try HDF5Handle(
      H5Screate_simple(Int32(shape.count), extents, nil), file: path, routine: "H5Screate_simple", object: name,
      close: H5Sclose)
  }

  // MARK: Attributes

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

  private func makeTextType(byteCount: Int, _ name: String) throws(ProbeError) -> HDF5Handle {
    let type = try HDF5Handle(
      H5Tcopy(elo_h5t_c_s1()), file: path, routine: "H5Tcopy", object: name, close: H5Tclose)
    try check(H5Tset_size(type.id, max(1, byteCount)), "H5Tset_size", name)
    try check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), "H5Tset_strpad", name)
    try check(H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset", name)
    return type
  }

  private func openAttribute(_ name: String, of object: String) throws(ProbeError) -> HDF5Handle {
    let owner = try open(object)
    return try HDF5Handle(
      H5Aopen(owner.id, name, elo_h5p_default()), file: path, routine: "H5Aopen",
      object: "\(object), attribute \(name)", close: H5Aclose)
  }

  private func open(_ object: String) throws(ProbeError) -> HDF5Handle {
    try HDF5Handle(
      H5Oopen(file.id, object, elo_h5p_default()), file: path, routine: "H5Oopen", object: object, close: H5Oclose)
  }

  private func check(_ status: herr_t, _ routine: String, _ object: String) throws(ProbeError) {
    guard status >= 0 else { throw .archive(file: path, routine: routine, object: object) }
  }
}

import CHDF5
import Foundation

/// One HDF5 file: groups, f64 and i64 arrays; text and attributes are in extensions.
///
/// Used inside `HDF5Access.exclusively`.
struct HDF5File: ~Copyable {
  let path: String
  let file: HDF5Handle

  /// Makes a file in memory, for `image`; `url` is what errors call it.
  ///
  /// On a disk that fills, HDF5 1.10 cannot close a file of its own and ends the process with a segmentation fault.
  init(inMemoryFor url: URL) throws(ProbeError) {
    path = url.path
    let access = try HDF5Handle(
      H5Pcreate(elo_h5p_file_access()), file: path, routine: "H5Pcreate", object: "the file", close: H5Pclose)
    guard H5Pset_fapl_core(access.id, 1 << 20, false) >= 0 else {
      throw .archive(file: path, routine: "H5Pset_fapl_core", object: "the file")
    }
    file = try HDF5Handle(
      H5Fcreate(path, elo_h5f_acc_trunc(), elo_h5p_default(), access.id), file: path, routine: "H5Fcreate",
      object: "the file", close: H5Fclose)
  }

  /// The bytes of a file in memory.
  func image() throws(ProbeError) -> [UInt8] {
    try check(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "H5Fflush", "the file")
    let count = H5Fget_file_image(file.id, nil, 0)
    guard count > 0 else { throw .archive(file: path, routine: "H5Fget_file_image", object: "the file") }
    var bytes = Array(repeating: UInt8(0), count: count)
    guard H5Fget_file_image(file.id, &bytes, count) == count else {
      throw .archive(file: path, routine: "H5Fget_file_image", object: "the file")
    }
    return bytes
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

  /// Writes an array of a shape as f64, or where single precision is enough as f32, little-endian.
  func write(_ values: [Double], shape: [Int], single: Bool = false, to name: String) throws(ProbeError) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    try write(
      values, shape, name, stored: single ? elo_h5t_ieee_f32le() : elo_h5t_ieee_f64le(),
      native: elo_h5t_native_double())
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

  func makeSpace(_ shape: [Int], _ name: String) throws(ProbeError) -> HDF5Handle {
    let extents = shape.map(hsize_t.init)
    return try HDF5Handle(
      H5Screate_simple(Int32(shape.count), extents, nil), file: path, routine: "H5Screate_simple", object: name,
      close: H5Sclose)
  }

  func open(_ object: String) throws(ProbeError) -> HDF5Handle {
    try HDF5Handle(
      H5Oopen(file.id, object, elo_h5p_default()), file: path, routine: "H5Oopen", object: object, close: H5Oclose)
  }

  func check(_ status: herr_t, _ routine: String, _ object: String) throws(ProbeError) {
    guard status >= 0 else { throw .archive(file: path, routine: routine, object: object) }
  }
}

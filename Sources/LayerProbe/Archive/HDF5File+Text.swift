import CHDF5

/// Arrays of text: UTF-8 of a fixed length, filled up with zeros.
extension HDF5File {
  /// Writes a list of texts.
  func write(_ texts: [String], to name: String) throws(ProbeError) {
    let width = max(1, texts.map(\.utf8.count).max() ?? 1)
    let type = try makeTextType(byteCount: width, name)
    let space = try makeSpace([texts.count], name)
    let set = try HDF5Handle(
      H5Dcreate2(file.id, name, type.id, space.id, elo_h5p_default(), elo_h5p_default(), elo_h5p_default()),
      file: path, routine: "H5Dcreate2", object: name, close: H5Dclose)
    let bytes = texts.flatMap { Array($0.utf8) + Array(repeating: 0, count: width - $0.utf8.count) }
    let status = bytes.withUnsafeBytes {
      H5Dwrite(set.id, type.id, elo_h5s_all(), elo_h5s_all(), elo_h5p_default(), $0.baseAddress)
    }
    try check(status, "H5Dwrite", name)
  }

  /// A list of texts.
  func texts(_ name: String) throws(ProbeError) -> [String] {
    let set = try HDF5Handle(
      H5Dopen2(file.id, name, elo_h5p_default()), file: path, routine: "H5Dopen2", object: name, close: H5Dclose)
    let type = try HDF5Handle(
      H5Dget_type(set.id), file: path, routine: "H5Dget_type", object: name, close: H5Tclose)
    let space = try HDF5Handle(
      H5Dget_space(set.id), file: path, routine: "H5Dget_space", object: name, close: H5Sclose)
    let (count, width) = (Int(H5Sget_simple_extent_npoints(space.id)), H5Tget_size(type.id))
    guard count >= 0, width > 0 else { throw .archive(file: path, routine: "H5Dget_space", object: name) }
    var bytes = Array(repeating: UInt8(0), count: count * width)
    let status = bytes.withUnsafeMutableBytes {
      H5Dread(set.id, type.id, elo_h5s_all(), elo_h5s_all(), elo_h5p_default(), $0.baseAddress)
    }
    try check(status, "H5Dread", name)
    return (0..<count).map { index in
      String(decoding: bytes[index * width..<(index + 1) * width].prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  func makeTextType(byteCount: Int, _ name: String) throws(ProbeError) -> HDF5Handle {
    let type = try HDF5Handle(
      H5Tcopy(elo_h5t_c_s1()), file: path, routine: "H5Tcopy", object: name, close: H5Tclose)
    try check(H5Tset_size(type.id, max(1, byteCount)), "H5Tset_size", name)
    try check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), "H5Tset_strpad", name)
    try check(H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset", name)
    return type
  }
}

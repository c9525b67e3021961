extension String {
  /// A path as a shell takes it.
  var shellSpelling: String {
    let plain = allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
    return plain ? self : "'" + replacing("'", with: #"'\''"#) + "'"
  }
}

/// The word that is the fewest edits away from what was written, nil when all are far from it.
func nearestWord(to written: String, of words: [String]) -> String? {
  let distances = words.map { (word: $0, distance: editDistance(written, $0)) }
  guard let nearest = distances.min(by: { $0.distance < $1.distance }) else { return nil }
  return nearest.distance <= max(2, written.count / 3) ? nearest.word : nil
}

/// Insertions, removals and replacements of a character that make one text of another (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, character) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (character == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}

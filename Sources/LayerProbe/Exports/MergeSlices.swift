import JSONText

/// A mergekit configuration of the method `passthrough` that makes a model of the layers alone: neighbours share a slice,
/// and ranges leave their end out.
func mergeSlices(_ layers: [Int], of model: ModelOutline) -> String {
  var ranges: [Range<Int>] = []
  for layer in layers {
    if let last = ranges.last, last.upperBound == layer {
      ranges[ranges.count - 1] = last.lowerBound..<layer + 1
    } else {
      ranges.append(layer..<layer + 1)
    }
  }
  // A JSON string is one in YAML too, whatever the path holds.
  let path = JSONValue.string(model.path).text
  let slices = ranges.map { range in
    """
    - sources:
      - model: \(path)
        layer_range: [\(range.lowerBound), \(range.upperBound)]

    """
  }
  return "merge_method: passthrough\nslices:\n" + slices.joined()
}

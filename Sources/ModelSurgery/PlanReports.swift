import Checkpoints
import JSONText

extension DetachPlan {
  /// The plan as JSON, for `--dry-run`.
  public var json: JSONValue {
    [
      "operation": "detach", "checkpoint": .string(checkpoint.directory.path(percentEncoded: false)),
      "layers": .integers(layers), "frozen_layers": .integers(frozenLayers.sorted()), "bytes": .integer(byteCount),
      "disk_needed": .integer(diskNeeded),
      "tensors": .array(
        moves.map {
          [
            "name": .string($0.name), "from": .string($0.source.name), "dtype": .string($0.source.dtype.name),
            "shape": .integers($0.source.shape), "bytes": .integer($0.source.byteCount),
          ]
        }), "config": .array(configEdits.map(\.json)), "side_files": .strings(sideFiles),
      "left_out": .strings(leftOut),
    ]
  }

  /// The plan in lines for people.
  public var lines: [String] {
    let shown = layers.map { frozenLayers.contains($0) ? "\($0) (frozen)" : "\($0)" }
    var lines = ["layers \(shown.joined(separator: ", ")) of \(layout.layerCount)"]
    lines += moves.map { "  \($0.source.name) -> \($0.name)  \($0.source.kind)  \(byteCountText($0.source.byteCount))" }
    lines += configEdits.map(\.line)
    if !leftOut.isEmpty { lines.append("left out: \(leftOut.joined(separator: ", "))") }
    return lines + [
      "\(moves.count) tensors, \(byteCountText(byteCount)), \(sideFiles.count) side files, \(byteCountText(diskNeeded)) of disk needed"
    ]
  }
}

extension AttachPlan {
  /// The plan as JSON, for `--dry-run`.
  public var json: JSONValue {
    [
      "operation": "attach", "trained": .string(trained.path(percentEncoded: false)),
      "base": .string(base.directory.path(percentEncoded: false)), "layers": .integers(layers),
      "blend": .number(blend), "bytes": .integer(byteCount), "disk_needed": .integer(diskNeeded),
      "disk_needed_in_place": .integer(byteCount),
      "tensors": .array(
        moves.map {
          [
            "name": .string($0.base.name), "from": .string($0.trained.name), "dtype": .string($0.base.dtype.name),
            "trained_dtype": .string($0.trained.dtype.name), "shape": .integers($0.base.shape),
            "bytes": .integer($0.base.byteCount),
          ]
        }), "stale": .strings(stale),
    ]
  }

  /// The plan in lines for people.
  public var lines: [String] {
    var lines = ["layers \(layers.map(String.init).joined(separator: ", ")) of \(manifest.layerCount)"]
    lines += moves.map {
      "  \($0.trained.name) -> \($0.base.name)  \($0.base.kind)  \(byteCountText($0.base.byteCount))"
    }
    return lines + [
      """
      \(moves.count) tensors, \(byteCountText(byteCount)), \(byteCountText(diskNeeded)) of disk needed \
      (\(byteCountText(byteCount)) in place)
      """
    ]
  }
}

extension ConfigEdit {
  /// The edit as JSON.
  var json: JSONValue {
    [
      "key": .string(key), "old": old.map { .string($0) } ?? .null, "new": .string(new), "reason": .string(reason),
    ]
  }

  /// The edit in a line for people.
  var line: String { "  config.json \(key): \(oneLine(old ?? "absent")) -> \(oneLine(new))  (\(reason))" }

  private func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

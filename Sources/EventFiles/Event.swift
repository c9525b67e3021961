/// One entry of an event file: TensorFlow's `Event` message (tensorflow/core/util/event.proto).
public struct Event: Sendable, Hashable {
  /// What an entry holds.
  public enum Content: Sendable, Hashable {
    /// Which layout the file has: its first entry.
    case version
    /// The run begins at this entry's step, be it anew: readers drop what other files of the folder hold from it on.
    case start
    /// Numbers by their tags.
    case scalars([Scalar])
  }

  /// One number.
  public struct Scalar: Sendable, Hashable {
    /// What the number is; up to the first slash, the group that its chart stands in.
    public var tag: String
    /// The number.
    public var value: Float

    /// A number.
    public init(_ tag: String, _ value: Double) {
      self.tag = tag
      self.value = Float(value)
    }
  }

  /// Seconds since 1970.
  public var time: Double
  /// The step that the content belongs to.
  public var step: Int
  /// What it holds.
  public var content: Content

  /// An entry.
  public init(time: Double, step: Int, _ content: Content) {
    self.time = time
    self.step = step
    self.content = content
  }

  /// The message's bytes.
  var message: [UInt8] {
    var message = ProtobufMessage()
    message.add(1, double: time)
    if step != 0 { message.add(2, integer: step) }
    switch content {
    case .version: message.add(3, string: "brain.Event:2")
    case .start:
      var log = ProtobufMessage()
      log.add(1, integer: 1)
      message.add(7, message: log)
    case .scalars(let scalars):
      var summary = ProtobufMessage()
      for scalar in scalars {
        var value = ProtobufMessage()
        value.add(1, string: scalar.tag)
        value.add(2, float: scalar.value)
        summary.add(1, message: value)
      }
      message.add(5, message: summary)
    }
    return message.bytes
  }

  /// The entry as a TFRecord frame: length, its check, message, its check; all little-endian.
  package var frame: [UInt8] {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    let message = message
    let length = bytes(UInt64(message.count))
    return length + bytes(CRC32C.masked(length)) + message + bytes(CRC32C.masked(message))
  }
}
